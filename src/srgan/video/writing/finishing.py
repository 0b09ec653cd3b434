"""The end of a video: the result gets its name, then the work is removed; a kill may come in between."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from srgan.errors import InUseError, OutputError
from srgan.files import claim, clear, remove_empty_folder, remove_file, write_file
from srgan.video.image_sequence import work_path

NOTE = "finishing.json"
"""Removed after everything else: it marks the rest as useless."""


def note_finish(folder: Path, target: Path) -> None:
    """Notes in a work folder which file the result is about to replace, if any.

    Raises:
        OutputError: if it cannot be written.
    """
    write_file(folder / NOTE, json.dumps(_identity(target)))


def remove_finished(target: Path) -> None:
    """Removes the work on a result that has its name already; other work, and work in progress, stays."""
    folder = work_path(target)
    with suppress(OSError, ValueError, InUseError, OutputError):
        if not _is_finished(folder, target):
            return
        lock = claim(folder)
        clear(folder, keep=["lock", NOTE])
        clear(folder, keep=["lock"])
        lock.release()
        remove_file(folder / "lock")
        remove_empty_folder(folder)


def _is_finished(folder: Path, target: Path) -> bool:
    """Returns whether the result exists: the file is another one than just before the end."""
    if {path.name for path in folder.iterdir()} <= {"lock"}:
        return True
    is_other = json.loads((folder / NOTE).read_text()) != _identity(target)
    return is_other and target.is_file()


def _identity(target: Path) -> list[int] | None:
    """Returns what distinguishes a file from all others, for JSON; None if there is no file."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns]
