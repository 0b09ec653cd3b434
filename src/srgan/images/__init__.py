"""Pictures: the one pixel convention, and reading and writing files as people have them."""

import logging

# libvips logs what it also reports as an error; without a handler Python would print it.
logging.getLogger("pyvips").addHandler(logging.NullHandler())
