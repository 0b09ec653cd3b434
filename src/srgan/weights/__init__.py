"""Model files, their cards, and the models that come with the package."""
