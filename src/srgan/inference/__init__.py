"""From a picture to a picture four times larger per side: tiles, memory, the upscaler."""
