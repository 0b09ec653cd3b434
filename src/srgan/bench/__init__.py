"""Measures how fast srgan is, beside the peak of the processor."""
