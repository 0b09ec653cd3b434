"""Whether clearer pictures help to recognise faces and to detect objects."""
