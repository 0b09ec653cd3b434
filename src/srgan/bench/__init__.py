"""How fast srgan is, beside the same networks in plain PyTorch."""
