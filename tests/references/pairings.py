"""Parameters of tests that try many things together."""

from collections.abc import Sequence

import pytest


def each_once(rows: Sequence[tuple], columns: Sequence[tuple]) -> list:
    """Returns all pairs, named by the first values of both.

    By default only so many are tested that each row and each column comes; the rest are slow.
    """
    shorter = min(len(rows), len(columns))
    return [
        pytest.param(
            *first,
            *second,
            id=f"{first[0]}-{second[0]}",
            marks=[pytest.mark.slow] if (row + column) % shorter else [],
        )
        for row, first in enumerate(rows)
        for column, second in enumerate(columns)
    ]
