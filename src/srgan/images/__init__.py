"""Pictures: the one pixel convention, and reading and writing files as people have them."""
