"""Checks whether a caller's value is a number; True and False are not."""

from __future__ import annotations

import numbers


def is_number(value: object) -> bool:
    """Returns whether it is a real number, Python's or NumPy's."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_whole(value: object, least: int) -> bool:
    """Returns whether it is a whole number of at least ``least``."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= least
