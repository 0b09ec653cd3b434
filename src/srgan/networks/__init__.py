"""What a network is: its architecture and card, model files, the catalogue, blending."""

DEFAULT_MODEL = "photo"
"""For pictures, where no model is named."""
