"""From an array to an array of more pixels: tiles, memory, changes between frames, consistency."""
