"""Scores of models against the ground truth, and reports of them."""
