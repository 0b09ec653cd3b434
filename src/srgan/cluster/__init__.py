"""The same jobs on many machines, over Ray Data."""
