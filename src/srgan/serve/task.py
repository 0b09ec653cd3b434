"""One upload, and what becomes of it."""

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
    """What a job gave.

    Attributes:
        file: the result's name in the task's folder.
        bytes: its length.
        sha256: of its bytes, in hexadecimal.
        input_size: (width, height) before.
        output_size: (width, height) after.
        frames: how many it has.
        seconds: that it took.
        model: that was used.
        notes: what a person should know of it, a sentence each.
        invented: the map's name in the folder; None if none was asked for.
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
    """What is kept of a task on the disk.

    Attributes:
        id: nobody can guess it: who has it may see the task, and cancel it.
        client: whose it is.
        name: what the client calls the file, for people to read.
        source: the upload's name in the task's folder.
        options: of the request.
        is_video: whether it is a video.
        is_long: whether it goes among those that take long.
        is_kept: whether it is there until its time is over, or only until it is answered.
        created: seconds since 1970.
        state: where it stands.
        started: when work began the first time; None if it did not.
        finished: when it ended; None if it did not.
        outcome: what it gave, if it is done.
        error: why it failed, if it did.
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
        """All of it."""
        return json.dumps({item.name: _plain(getattr(self, item.name)) for item in fields(Record)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """As :meth:`to_json` gave it."""
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
    """A record that is being worked on.

    Attributes:
        folder: where its files are.
        event: where the work stands; None before it begins.
        first: when the first event of this run came, and how much was done by then.
        stop: set to end it.
        ended: done as soon as it is not going to change any more.
    """

    folder: Path = Path()
    event: Event | None = None
    first: tuple[float, float] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    ended: Future[None] = field(default_factory=Future)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def seconds_left(self) -> float | None:
        """About how long the work goes on; None while nobody knows."""
        if self.event is None or self.first is None or not self.event.total:
            return None
        began, before = self.first
        done = self.event.done - before
        if done <= 0:
            return None
        return (time.monotonic() - began) / done * max(0.0, self.event.total - self.event.done)

    def note(self, event: Event) -> None:
        """Takes an event of the work."""
        if event.note is not None:
            return
        if self.first is None or (self.event is not None and event.done < self.event.done):
            self.first = time.monotonic(), event.done
        self.event = event
