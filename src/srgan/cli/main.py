"""The command ``srgan``: its sub-commands, and how errors reach the user."""

from __future__ import annotations

import sys

import typer

from srgan.cli.bench import bench
from srgan.cli.console import print_error
from srgan.cli.evaluate import evaluate
from srgan.cli.info import info
from srgan.cli.models import models
from srgan.cli.train import train
from srgan.cli.upscale import upscale
from srgan.errors import SrganError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Clearer pictures: four times larger per side, offline, with the SRGAN.",
    epilog="Example: srgan upscale photo.jpg.  With --debug anywhere, an error shows its traceback.",
)
for command in (upscale, models, info, train, evaluate, bench):
    app.command(no_args_is_help=command not in (models, bench))(command)


def main() -> None:
    """Runs the command; exits 0 when done, 1 when something failed, 2 on wrong usage, 130 on Ctrl-C."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    try:
        app([argument for argument in arguments if argument != "--debug"])
    except KeyboardInterrupt:
        print_error("interrupted")
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        if not isinstance(error, SrganError):
            print_error(f"unexpected {type(error).__name__}: {error}; add --debug and report what it shows")
            sys.exit(1)
        print_error(str(error))
        sys.exit(2 if isinstance(error, UsageError) else 1)
