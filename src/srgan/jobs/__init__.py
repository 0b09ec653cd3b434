"""From an input to an output: what is made of which file, by which network, with which options."""
