"""The user's cache folder of compiled models, which makes each start a fraction of a second faster."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import platformdirs
from filelock import FileLock

from srgan.errors import OutputError
from srgan.files import make_folder, remove_file

MOST_MODELS = 32
"""Number of compiled models that are kept, about 6 MB each. Every blend and every trained model adds one."""

_PATIENCE = 60.0  # seconds to wait for a process that compiles, which takes less than one


def cache_folder(name: str) -> Path | None:
    """Returns a folder in the user's cache, made if absent; None if it cannot be made or written to."""
    try:
        base = platformdirs.user_cache_path("srgan", appauthor=False, opinion=False)
        folder = make_folder(base / name)
    except (OutputError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def cache_lock(folder: Path) -> FileLock:
    """Returns the lock to hold while reading or writing the cache: OpenVINO's writes are not atomic."""
    return FileLock(folder.with_suffix(".lock"), timeout=_PATIENCE)


def remove_unused(folder: Path) -> None:
    """Removes all but the :data:`MOST_MODELS` compiled models that were used last."""
    with suppress(OSError):  # a file may be in use
        for path in sorted(folder.glob("*.blob"), key=_last_use)[:-MOST_MODELS]:
            remove_file(path)


def _last_use(path: Path) -> float:
    """Returns seconds since 1970; only accurate to a day on Linux, which records reads once a day."""
    status = path.stat()
    return max(status.st_atime, status.st_mtime)
