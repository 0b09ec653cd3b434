"""The user's folder of compiled models: it saves a fraction of a second at each start, and stays small."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

MOST_MODELS = 32
"""Compiled models that are kept, of some 6 MB each. Every blend and every trained model is another one."""


def cache_folder() -> Path | None:
    """The user's folder for compiled models, made if absent; None where that cannot be."""
    home = Path.home
    try:
        if platform.system() == "Windows":
            base = Path(os.environ.get("LOCALAPPDATA") or home() / "AppData" / "Local")
        elif platform.system() == "Darwin":
            base = home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or home() / ".cache")
        folder = base / "srgan" / "openvino"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def remove_unused(folder: Path) -> None:
    """Removes all but the :data:`MOST_MODELS` compiled models that were used last."""
    with suppress(OSError):  # another process may be using one, or removing them too
        for path in sorted(folder.glob("*.blob"), key=_last_use)[:-MOST_MODELS]:
            path.unlink()


def _last_use(path: Path) -> float:
    """Seconds since 1970; to the day on Linux, whose disks note a reading once a day."""
    status = path.stat()
    return max(status.st_atime, status.st_mtime)
