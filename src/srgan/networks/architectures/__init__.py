"""Architectures, one file each: shapes of tensors, and the forward pass, defined once for all engines."""
