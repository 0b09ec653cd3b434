"""Encodes results: video files, moving pictures, image sequences."""
