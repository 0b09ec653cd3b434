"""Messages and progress on stderr; results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def is_debugging() -> bool:
    """Whether ``--debug`` is on the command line."""
    return "--debug" in sys.argv


def print_error(message: str) -> None:
    """One line on stderr."""
    print(f"srgan: {' '.join(message.splitlines())}", file=sys.stderr)


def print_message(message: str) -> None:
    """One line of information on stderr."""
    print(message, file=sys.stderr)


def print_json(result: Mapping[str, Any]) -> None:
    """One JSON object on stdout; in ASCII, so that no terminal and no file name can break it."""
    print(json.dumps(result, indent=2))


def progress_bar(*columns: str, hidden: bool = False) -> Progress:
    """A progress bar with an estimate on stderr; silent when stderr is not a terminal.

    Args:
        columns: formats of further columns, for example ``"{task.fields[loss]}"``.
        hidden: whether another process shows it.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        *map(TextColumn, columns),
        console=Console(stderr=True),
        disable=hidden or not sys.stderr.isatty(),
    )
