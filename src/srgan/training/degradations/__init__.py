"""Realistic low-res pictures, made from clean ones on the training device."""
