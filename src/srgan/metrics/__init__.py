"""How close two pictures are; pure functions."""
