"""The user's cache folder. Compiled models in it save a fraction of a second at each start, and stay few."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import platformdirs
from filelock import FileLock

from srgan.errors import OutputError
from srgan.files import make_folder, remove_file

MOST_MODELS = 32
"""Compiled models that are kept, of some 6 MB each. Every blend and every trained model is another one."""

_PATIENCE = 60.0  # seconds; whoever compiles takes less than one


def cache_folder(name: str) -> Path | None:
    """A folder in the user's cache, made if absent; None where that cannot be."""
    try:
        base = platformdirs.user_cache_path("srgan", appauthor=False, opinion=False)
        folder = make_folder(base / name)
    except (OutputError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def cache_lock(folder: Path) -> FileLock:
    """To be held while the cache is read or written: OpenVINO does not write its files in one go."""
    return FileLock(folder.with_suffix(".lock"), timeout=_PATIENCE)


def remove_unused(folder: Path) -> None:
    """Removes all but the :data:`MOST_MODELS` compiled models that were used last."""
    with suppress(OSError):  # one may be in use
        for path in sorted(folder.glob("*.blob"), key=_last_use)[:-MOST_MODELS]:
            remove_file(path)


def _last_use(path: Path) -> float:
    """Seconds since 1970; to the day on Linux, whose disks note a reading once a day."""
    status = path.stat()
    return max(status.st_atime, status.st_mtime)
