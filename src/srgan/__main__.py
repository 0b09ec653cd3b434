"""``python -m srgan``: the same as the command ``srgan``."""

from srgan.cli.main import main

if __name__ == "__main__":
    main()
