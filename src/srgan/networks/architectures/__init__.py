"""Architectures, one file each: shapes of tensors, and the forward pass, said once for every engine."""
