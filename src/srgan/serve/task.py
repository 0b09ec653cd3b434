"""A task: one upload, its state and its result."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from srgan.events import Event
from srgan.jobs.result import JobError

State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a job.

    Attributes:
        file: file name of the result in the task's folder.
        bytes: its size.
        sha256: its SHA-256, in hexadecimal.
        input_size: (width, height) before.
        output_size: (width, height) after.
        frames: number of frames.
        seconds: duration of the work.
        model: name of the model.
        notes: remarks for people, a sentence each.
        invented: file name of the map; None if there is none.
    """

    file: str
    bytes: int
    sha256: str
    input_size: tuple[int, int]
    output_size: tuple[int, int]
    frames: int
    seconds: float
    model: str
    notes: tuple[str, ...] = ()
    invented: str | None = None


@dataclass(kw_only=True, eq=False)
class Record:
    """The part of a task that is kept on the disk.

    Attributes:
        id: unguessable; whoever knows it may see and cancel the task.
        client: address of the client.
        name: the client's name of the file, shown to people.
        source: file name of the upload in the task's folder.
        options: options of the request.
        is_video: whether it is a video.
        is_long: whether it goes to the lane of long jobs.
        is_kept: whether it stays until it expires, rather than until the request is answered.
        created: seconds since 1970.
        state: its current state.
        started: time when work first began; None before.
        finished: time when it ended; None before.
        outcome: its result, once it is done.
        error: reason of its failure; None if it did not fail.
    """

    id: str
    client: str
    name: str
    source: str
    options: dict[str, Any]
    is_video: bool = False
    is_long: bool = False
    is_kept: bool = True
    created: float = field(default_factory=time.time)
    state: State = "waiting"
    started: float | None = None
    finished: float | None = None
    outcome: Outcome | None = None
    error: JobError | None = None

    def to_json(self) -> str:
        """Serialises the record."""
        return json.dumps({item.name: _plain(getattr(self, item.name)) for item in fields(Record)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Restores a record from :meth:`to_json`."""
        values = json.loads(text)
        if values["outcome"] is not None:
            values["outcome"] = Outcome(**values["outcome"])
        if values["error"] is not None:
            values["error"] = JobError(**values["error"])
        return cls(**values)


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Outcome | JobError) else value


@dataclass(kw_only=True, eq=False)
class Task(Record):
    """A record in memory, with its progress.

    Attributes:
        folder: folder of its files.
        event: latest progress; None before work begins.
        first: time of the first event of this run, and the amount done by then.
        stop: set to cancel it.
        ended: completes when the task has ended.
    """

    folder: Path = Path()
    event: Event | None = None
    first: tuple[float, float] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    ended: Future[None] = field(default_factory=Future)

    @property
    def is_over(self) -> bool:
        """Whether the task has ended."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the end; None while unknown."""
        if self.event is None or self.first is None or not self.event.total:
            return None
        began, before = self.first
        done = self.event.done - before
        if done <= 0:
            return None
        return (time.monotonic() - began) / done * max(0.0, self.event.total - self.event.done)

    def note(self, event: Event) -> None:
        """Records progress."""
        if event.note is not None:
            return
        if self.first is None or (self.event is not None and event.done < self.event.done):
            self.first = time.monotonic(), event.done
        self.event = event
