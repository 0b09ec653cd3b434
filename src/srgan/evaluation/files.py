"""Files that appear under their name when they are whole."""

from __future__ import annotations

import os
from pathlib import Path

from srgan.errors import DataError


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a file under a temporary name, then renames it; text is written as UTF-8.

    Raises:
        DataError: if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
