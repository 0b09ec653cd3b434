"""Networks that Keras saved: their files, read in another process, and their layers as ours."""
