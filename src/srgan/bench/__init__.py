"""How fast srgan is, beside what the processor can do at most."""
