"""What ``srgan upscale`` says of each input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from srgan.cli.console import print_error, print_message
from srgan.errors import ImageError, InUseError, OutputError, SrganError, UsageError, VideoError


def reason_of(error: Exception, source: Path) -> str:
    """What failed and where, in one line."""
    # They name the file themselves.
    if isinstance(error, (ImageError, InUseError, OutputError, UsageError, VideoError)):
        reason = str(error)
    elif isinstance(error, SrganError):
        reason = f"{source}: {error}"
    elif isinstance(error, MemoryError):
        reason = f"{source}: not enough memory; free some, or take a smaller picture"
    elif isinstance(error, OSError):
        reason = f"{error.filename or source}: {error.strerror or error}"
    else:
        reason = f"{source}: unexpected {type(error).__name__}: {error}; add --debug and report what it shows"
    return " ".join(reason.splitlines())


def print_result(result: Mapping[str, Any]) -> None:
    """One entry of the results as a line on stderr."""
    if result["status"] == "failed":
        print_error(result["error"])
    elif result["status"] == "skipped":
        print_message(f"{result['output']}: there already, skipped")
    else:
        (width, height), seconds = result["output_size"], result["seconds"]
        print_message(f"{result['output']}: {width}x{height}, {seconds:.1f} s")
