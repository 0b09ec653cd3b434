"""Opening and decoding videos and image sequences."""
