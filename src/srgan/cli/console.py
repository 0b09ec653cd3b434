"""Messages and progress on stderr; results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def print_error(message: str) -> None:
    """One line on stderr."""
    print(f"srgan: {' '.join(message.split())}", file=sys.stderr)


def print_message(message: str) -> None:
    """One line of information on stderr."""
    print(message, file=sys.stderr)


def print_json(result: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(result, ensure_ascii=False, indent=2))


def progress_bar(*columns: str) -> Progress:
    """A progress bar with an estimate on stderr; silent when stderr is not a terminal.

    Args:
        columns: formats of further columns, for example ``"{task.fields[loss]}"``.
    """
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        *map(TextColumn, columns),
        console=console,
        disable=not console.is_terminal,
    )
