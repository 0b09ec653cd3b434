"""Parameters of tests that try many things together."""

from collections.abc import Iterable

import pytest


def every_other(rows: Iterable[tuple], columns: Iterable[tuple]) -> list:
    """Returns all pairs, named by the first values of both.

    By default every other one is tested, so that each row and each column comes; the rest are slow.
    """
    return [
        pytest.param(
            *first, *second, id=f"{first[0]}-{second[0]}", marks=[pytest.mark.slow] * ((row + column) % 2)
        )
        for row, first in enumerate(rows)
        for column, second in enumerate(columns)
    ]
