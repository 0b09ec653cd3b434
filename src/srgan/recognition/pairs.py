"""Pairs of pictures that show the same person or two: a CSV, or LFW's own list."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srgan.errors import DataError

_SHOWN = 200  # characters of a name, in a message


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two pictures, as paths below the folder of pictures, and whether they show the same person."""

    first: str
    second: str
    same: bool


def read_pairs(path: Path, images: Path) -> list[Pair]:
    """Reads pairs and checks that their pictures are there.

    Args:
        path: a CSV with the columns ``first``, ``second``, ``same`` (1 or 0), or LFW's ``pairs.txt``
            (http://vis-www.cs.umass.edu/lfw), recognised by its first line.
        images: the folder of pictures.

    Raises:
        DataError: if the file cannot be read, a line is not a pair, a picture is not there, or the pairs are
            not of both kinds.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    is_csv = bool(lines) and lines[0].split(",") == ["first", "second", "same"]
    fields = csv.reader(lines[1:]) if is_csv else (line.split() for line in lines[1:])
    pairs: list[Pair] = []
    try:
        for parts in fields:
            pairs.append(_from_csv(parts) if is_csv else _from_lfw(parts))
    except (ValueError, csv.Error):  # the latter: a field is too long
        raise DataError(
            f"{path}: line {len(pairs) + 2} is not a pair; write first,second,same with 1 or 0"
        ) from None
    if len({pair.same for pair in pairs}) < 2:
        raise DataError(f"{path}: must hold pairs of the same person and of different ones")
    names = dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second))
    missing = [name for name in names if not _is_there(images / name)]
    if missing:
        raise DataError(
            f"{images}: {len(missing)} pictures of {path} are not there, the first is {missing[0][:_SHOWN]}"
        )
    return pairs


def first_pairs(pairs: Sequence[Pair], limit: int) -> list[Pair]:
    """Returns at most ``limit`` pairs: the first of each kind, half and half, in their order."""
    kept: list[Pair] = []
    counts = {True: (limit + 1) // 2, False: limit // 2}
    for pair in pairs:
        if counts[pair.same]:
            counts[pair.same] -= 1
            kept.append(pair)
    return kept


def _from_csv(parts: list[str]) -> Pair:
    first, second, same = parts
    if same.strip() not in ("0", "1"):
        raise ValueError(parts)
    return Pair(first=first, second=second, same=same.strip() == "1")


def _from_lfw(parts: list[str]) -> Pair:
    """Parses ``Name 1 4``, one person's pictures 1 and 4, and ``Name 2 Other 3``, two people's."""
    if len(parts) not in (3, 4) or not (parts[1].isdecimal() and parts[-1].isdecimal()):
        raise ValueError(parts)
    other = parts[2] if len(parts) == 4 else parts[0]
    first, second = (
        f"{name}/{name}_{int(n):04d}.jpg" for name, n in ((parts[0], parts[1]), (other, parts[-1]))
    )
    return Pair(first=first, second=second, same=len(parts) == 3)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file can have such a name
        return False
