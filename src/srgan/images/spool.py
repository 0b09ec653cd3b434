"""Open files where a path is needed: their content stands in a folder for a while."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def spooled(file: BinaryIO) -> Iterator[Path]:
    """A file with the rest of an open one's content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        yield path


@contextmanager
def filled(file: BinaryIO, extension: str) -> Iterator[Path]:
    """A name for a file, whose content is written to an open one at the end if nothing fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture.{extension}"
        yield path
        with path.open("rb") as copy:
            shutil.copyfileobj(copy, file)
