"""Figures: models against true pictures, and srgan against the usual way."""
