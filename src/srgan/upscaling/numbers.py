"""Whether what a caller gave is a number; True and False are none."""

from __future__ import annotations

import numbers


def is_number(value: object) -> bool:
    """Returns whether it is a real number, of Python's or NumPy's."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_whole(value: object, least: int) -> bool:
    """Returns whether it is a whole number from ``least`` on."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= least
