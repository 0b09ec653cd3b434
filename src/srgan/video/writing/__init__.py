"""Encoding results: video files, moving pictures, image sequences."""
