"""What a network is: its architecture and card, model files, the catalogue, blending."""

DEFAULT_MODEL = "photo"
"""The model for pictures if none is named."""
