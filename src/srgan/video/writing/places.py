"""Remembers the work folder of each video in the user's cache, for results with another name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from srgan.engines.cache import cache_folder
from srgan.errors import OutputError
from srgan.files import remove_file, write_file

MOST_NOTES = 100
"""Number of notes that are kept, some 100 bytes each."""


def note_place(job: Mapping[str, Any], folder: Path) -> None:
    """Records the work folder of a job, replacing an earlier record."""
    note = _note_of(job)
    if note is None:
        return
    with suppress(OSError, OutputError):  # the note is not essential
        write_file(note, str(folder.absolute()))
        for old in sorted(note.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST_NOTES]:
            remove_file(old)


def noted_place(job: Mapping[str, Any]) -> Path | None:
    """Returns the recorded work folder of a job; None if there is none."""
    note = _note_of(job)
    with suppress(OSError, ValueError):
        return None if note is None else Path(note.read_text(encoding="utf-8"))
    return None


def forget_place(job: Mapping[str, Any], folder: Path) -> None:
    """Deletes the record of a folder, if there is one."""
    note = _note_of(job)
    with suppress(OSError):
        if note is not None and noted_place(job) == folder.absolute():
            remove_file(note)


def _note_of(job: Mapping[str, Any]) -> Path | None:
    folder = cache_folder("videos")
    name = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:32]
    return None if folder is None else folder / name
