"""What a picture is read from and written to: a path, or a file object of the caller's."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO

from srgan.errors import UsageError


def binary_file(file: str | os.PathLike[str] | IO[bytes]) -> Path | IO[bytes]:
    """Returns a path as such, or the file object.

    Raises:
        UsageError: if it is neither a path nor a binary file object.
    """
    if isinstance(file, str | os.PathLike):
        return Path(file)
    if isinstance(file, io.TextIOBase):
        raise UsageError("the file object is open as text; open it in binary mode")
    if not (hasattr(file, "read") or hasattr(file, "write")):
        raise UsageError(f"a picture is a path or a binary file object, not {type(file).__name__}")
    return file


def name_of(file: Path | IO[bytes]) -> str | Path:
    """Returns the name of a file for messages."""
    if isinstance(file, Path):
        return file
    name = getattr(file, "name", None)
    return name if isinstance(name, str) and name else "the picture"
