"""Where the work on each video lies: notes in the user's cache folder, for results with another name."""

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
"""Notes that are kept, of some 100 bytes each."""


def note_place(job: Mapping[str, Any], folder: Path) -> None:
    """Notes the folder in which there is work on a job; the one that was noted last counts."""
    note = _note_of(job)
    if note is None:
        return
    with suppress(OSError, OutputError):  # it is a help, and no more
        write_file(note, str(folder.absolute()))
        for old in sorted(note.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST_NOTES]:
            remove_file(old)


def noted_place(job: Mapping[str, Any]) -> Path | None:
    """The folder in which there was work on a job; None if none is noted."""
    note = _note_of(job)
    with suppress(OSError, ValueError):
        return None if note is None else Path(note.read_text(encoding="utf-8"))
    return None


def forget_place(job: Mapping[str, Any], folder: Path) -> None:
    """Removes the note of a folder, if it is there."""
    note = _note_of(job)
    with suppress(OSError):
        if note is not None and noted_place(job) == folder.absolute():
            remove_file(note)


def _note_of(job: Mapping[str, Any]) -> Path | None:
    folder = cache_folder("videos")
    name = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:32]
    return None if folder is None else folder / name
