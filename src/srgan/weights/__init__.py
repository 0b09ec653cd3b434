"""Model files, their cards, and the models that come with the package."""

DEFAULT_MODEL = "photo"
"""For pictures, where no model is named."""
