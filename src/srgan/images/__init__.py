"""Pictures: the one pixel convention, and reading and writing files as people have them."""

MOST_PIXELS = 250_000_000
"""The largest cameras give 200 megapixels; what is larger is taken for a decompression bomb."""
