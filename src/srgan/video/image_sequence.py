"""Image sequences, one numbered file per frame, named by FFmpeg's patterns such as ``frame-%05d.png``."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from srgan.errors import VideoError
from srgan.images.read import list_pictures

_NUMBER = re.compile(r"%(?:0\d+)?d")
_IN_A_WORD = re.compile(r"%(?:0\d+)?d[^\W\d_]")
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")  # the last number of a stem
_LONGEST_NAME = 255  # bytes, of all usual file systems
_WORK = ".srgan"  # how the names of work folders end
_NAMED = 5  # how many missing numbers are named


def is_pattern(path: Path) -> bool:
    """Returns whether a name is a pattern: it has one ``%d`` or ``%05d``, and no file is called so.

    If letters follow it, as in ``50%discount.jpg``, it is a pattern only if there are such files.
    """
    if not has_number(path) or path.exists():
        return False
    return _IN_A_WORD.search(path.name) is None or bool(numbers(path))


def has_number(path: Path) -> bool:
    """Returns whether a name has one ``%d`` or ``%05d``."""
    return path.name.count("%") == 1 and _NUMBER.search(path.name) is not None


def frame_path(pattern: Path, number: int) -> Path:
    """Returns the file of a frame."""
    return pattern.with_name(pattern.name % number)


def number_of(pattern: Path, name: str) -> int | None:
    """Returns the number in a file's name; None if it does not match the pattern."""
    before, after = _NUMBER.split(pattern.name)
    match = re.fullmatch(f"{re.escape(before)}([0-9]+){re.escape(after)}", name)
    if match is None or pattern.name % int(match[1]) != name:
        return None
    return int(match[1])


def numbers(pattern: Path) -> list[int]:
    """Returns the numbers of the existing files, sorted.

    Raises:
        OSError: if their folder cannot be listed.
    """
    if not pattern.parent.is_dir():
        return []
    found = (number_of(pattern, file.name) for file in pattern.parent.iterdir())
    return sorted(number for number in found if number is not None)


def whole_numbers(pattern: Path) -> tuple[set[int], set[int]]:
    """Returns the numbers of the existing files, and of those that are not empty.

    Raises:
        OSError: if their folder cannot be listed.
    """
    there = numbers(pattern)
    return set(there), {number for number in there if frame_path(pattern, number).stat().st_size > 0}


def work_path(target: Path) -> Path:
    """Returns the work folder of a video or an image sequence."""
    name = f".{target.name}{_WORK}"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}{_WORK}"
    return target.with_name(name)


def exists(target: Path) -> bool:
    """Returns whether a result exists: a file, or frames that no interrupted run left."""
    if not is_pattern(target):
        return target.exists()
    return bool(numbers(target)) and not work_path(target).exists()


def find_pattern(folder: Path) -> Path:
    """Finds the pattern that the pictures of a folder follow.

    Raises:
        VideoError: if they are not one image sequence; the folder is not named.
        ImageError: if the folder cannot be listed.
    """
    files = list_pictures(folder)
    matches = [_NUMBERED.fullmatch(file.stem) for file in files]
    if not files or matches[0] is None:
        raise VideoError("is a folder without numbered frames, such as frame-00001.png")
    before, _, after = matches[0].groups()
    digits = [match[2] for match in matches if match is not None]
    width = max((len(number) for number in digits if number.startswith("0")), default=0)
    place = f"%0{width}d" if width > 1 else "%d"
    if "%" not in before + after:
        pattern = folder / f"{before}{place}{after}{files[0].suffix}"
        if all(number_of(pattern, file.name) is not None for file in files):
            return pattern
    raise VideoError(
        f"holds pictures beside those numbered like {files[0].name}; name the frames by a pattern, "
        f"for example '{folder}/%05d.png'"
    )


def frames_of(pattern: Path) -> list[Path]:
    """Returns all files of an image sequence, in order.

    Raises:
        VideoError: if there are none, or some are missing between the first and the last, or empty; the
            pattern is not named.
        OSError: if their folder cannot be listed.
    """
    there, whole = whole_numbers(pattern)
    if not there:
        raise VideoError("there are no such frames")
    first, last = min(there), max(there)
    missing = [number for number in range(first, last + 1) if number not in whole]
    if missing:
        raise VideoError(
            f"of the frames {first} to {last}, {_listed(missing)} missing or empty; add "
            "them, or number the frames without gaps"
        )
    return [frame_path(pattern, number) for number in sorted(there)]


def _listed(missing: Sequence[int]) -> str:
    names = ", ".join(map(str, missing[:_NAMED]))
    if len(missing) > _NAMED:
        return f"{names} and {len(missing) - _NAMED} more are"
    return f"{names} {'is' if len(missing) == 1 else 'are'}"
