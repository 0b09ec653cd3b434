"""Messages and progress on stderr; results on stdout."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from srgan.errors import shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_Item = TypeVar("_Item")

_OPTIONS = {"out": "-o", "target": "-o", "file_format": "--format", "panels": "--compare"}
"""Options whose spelling differs from their names in Python."""

_ARGUMENTS = {"source", "inputs", "images"}
"""Arguments, typed without a name."""


def is_debugging() -> bool:
    """Returns whether ``--debug`` is on the command line."""
    return "--debug" in sys.argv


@contextmanager
def tracebacks() -> Iterator[None]:
    """Shows, with ``--debug``, the tracebacks of failures that messages report."""
    logger, handler = logging.getLogger("srgan"), logging.StreamHandler()
    if is_debugging():
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def with_option(message: str, field: str | None) -> str:
    """Returns a message with the option that it is about, as typed.

    Args:
        message: one sentence that names no option.
        field: the option's name in Python; None if there is none.
    """
    if field is None or field in _ARGUMENTS:
        return message
    if field == "existing":
        return f"{message}; add --overwrite or --skip-existing"
    option = _OPTIONS.get(field, f"--{field.replace('_', '-')}")
    if message.startswith(f"{field} "):  # the sentence's own subject
        return f"{option} {message.removeprefix(f'{field} ')}"
    return f"{option}: {message}"


def print_error(message: str) -> None:
    """Prints one line on stderr."""
    print(f"srgan: {shown(' '.join(message.splitlines()))}", file=sys.stderr)


def print_message(message: str) -> None:
    """Prints one line of information on stderr."""
    print(shown(message), file=sys.stderr)


def print_json(result: Mapping[str, Any]) -> None:
    """Prints one JSON object on stdout, in ASCII, so that no terminal or file name can break it."""
    print(json.dumps(result, indent=2))


class SilentBar:
    """Replaces the progress bar where nobody would see it, so that nothing has to wait for Rich."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def add_task(self, description: str, *, total: float | None = None, **_: Any) -> TaskID:
        """Returns a number that stands for the task."""
        return cast("TaskID", 0)

    def update(self, task: TaskID, **_: Any) -> None:
        """Does nothing."""

    def advance(self, task: TaskID) -> None:
        """Does nothing."""

    def track(self, items: Iterable[_Item], **_: Any) -> Iterable[_Item]:
        """Returns the items."""
        return items


def progress_bar(*columns: str, hidden: bool = False) -> Progress | SilentBar:
    """Returns a progress bar with an estimate on stderr; silent when stderr is not a terminal.

    Args:
        columns: formats of further columns, for example ``"{task.fields[loss]}"``.
        hidden: whether another process shows it.
    """
    if hidden or not sys.stderr.isatty():
        return SilentBar()
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        *map(TextColumn, columns),
        console=Console(stderr=True),
    )
