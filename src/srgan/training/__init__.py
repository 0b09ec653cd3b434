"""Recipes, runs and their checkpoints."""
