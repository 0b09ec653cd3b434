"""Training sets: prepared from raw photographs, and reported on."""
