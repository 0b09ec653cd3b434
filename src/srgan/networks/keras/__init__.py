"""Networks that Keras saved: their files, apart from this process, and their layers as ours."""
