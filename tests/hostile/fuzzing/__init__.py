"""Damaged files, made by number and read in processes of their own, for ``scripts/fuzz``."""
