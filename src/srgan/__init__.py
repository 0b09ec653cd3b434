"""Clearer pictures: 4x larger per side, with the SRGAN."""
