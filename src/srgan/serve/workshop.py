"""Runs the tasks: short and long ones wait in separate lanes, which share one device."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from srgan.errors import CancelledError, OutputError, SrganError
from srgan.events import Event
from srgan.files import remove_folder
from srgan.jobs.job import Job
from srgan.jobs.models import Models
from srgan.jobs.naming import plan_files
from srgan.jobs.result import JobResult
from srgan.jobs.run import run_job
from srgan.serve.options import Options
from srgan.serve.outcomes import INVENTED, RESULT, error_of, outcome_of, shown
from srgan.serve.queue import FairQueue
from srgan.serve.settings import Limits
from srgan.serve.store import Store
from srgan.serve.tally import Tally
from srgan.serve.task import State, Task
from srgan.serve.turns import Device, Turn

_log = logging.getLogger(__name__)
_SWEEP = 30.0  # seconds between two searches for expired tasks
_WORKERS = 2
"""Threads of a lane: one can encode a result while the other takes the next task."""


class Workshop:
    """Runs tasks, one network at a time.

    Short tasks do not wait for videos: the lanes pass the device to each other every few seconds.

    Args:
        store: keeps tasks on the disk.
        models: loads networks.
        names: model or file for each name.
        limits: limits on jobs.

    Raises:
        OutputError: if the tasks of an earlier server cannot be read.
    """

    def __init__(self, store: Store, models: Models, names: Mapping[str, str | Path], limits: Limits) -> None:
        self.tally = Tally()
        self._store = store
        self._models = models
        self._names = names
        self._folders = {model.parent for model in names.values() if isinstance(model, Path)}
        self._limits = limits
        self._device = Device()
        self._tasks: dict[str, Task] = {}
        self._undeleted: set[str] = set()
        self._lanes: dict[bool, FairQueue[Task]] = {False: FairQueue(), True: FairQueue()}
        self._closing = threading.Event()
        self._is_ready = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(lane, head))
            for lane, head in ((lane, Device()) for lane in self._lanes.values())
            for _ in range(_WORKERS)
        ]
        self._threads += [threading.Thread(target=work) for work in (self._open_usual, self._sweep)]
        self._take_up(store.tasks())

    def _take_up(self, tasks: Iterable[Task]) -> None:
        """Queues the unfinished tasks of an earlier server."""
        for task in sorted(tasks, key=lambda task: task.created):
            self._tasks[task.id] = task
            if task.is_over:
                task.ended.set_result(None)
            else:
                task.state = "waiting"
                self._lanes[task.is_long].put(task)

    def start(self) -> None:
        """Starts the threads.

        Raises:
            RuntimeError: if the system allows no more; all of them have ended then.
        """
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError:
            self.stop()
            raise

    def close(self) -> None:
        """Stops running tasks within a tile, and cancels those that are not kept."""
        self._closing.set()
        for lane in self._lanes.values():
            lane.close()
        for task in list(self._tasks.values()):
            if not task.is_kept:
                self.cancel(task)

    @property
    def is_closing(self) -> bool:
        """Whether the workshop is being stopped."""
        return self._closing.is_set()

    def stop(self) -> None:
        """Waits until all threads have ended; kept tasks continue at the next start."""
        self.close()
        for thread in self._threads:
            if thread.ident is not None:  # it was started
                thread.join()
        for task in list(self._tasks.values()):
            if not task.is_kept:
                self.remove(task)
        self._store.close()

    @property
    def is_ready(self) -> bool:
        """Whether the default model is loaded."""
        return self._is_ready.is_set()

    @property
    def waiting(self) -> int:
        """Number of waiting tasks."""
        return sum(map(len, self._lanes.values()))

    @property
    def running(self) -> int:
        """Number of running tasks; one of them has the device."""
        return sum(task.state == "running" for task in list(self._tasks.values()))

    def waiting_of(self, client: str) -> int:
        """Returns the number of a client's waiting tasks."""
        return sum(lane.count(client) for lane in self._lanes.values())

    def add(self, task: Task) -> None:
        """Queues a task whose upload is in its folder."""
        if task.is_kept:
            self._store.save(task)
        self._tasks[task.id] = task
        self._lanes[task.is_long].put(task)
        if self.is_closing and not task.is_kept:
            self.cancel(task)

    def get(self, task: str) -> Task | None:
        """Returns the task with an id; None if there is none."""
        return self._tasks.get(task)

    def position(self, task: Task) -> int | None:
        """Returns the number of tasks ahead of a task; None if it does not wait."""
        return self._lanes[task.is_long].position(task)

    def cancel(self, task: Task) -> None:
        """Cancels a task: at once if it waits, within a tile if it runs."""
        task.stop.set()
        if self._lanes[task.is_long].remove(task):
            self._end(task, "cancelled")

    def remove(self, task: Task) -> None:
        """Deletes a task that has ended, with its files; what the disk refuses is tried again."""
        self._tasks.pop(task.id, None)
        self._delete(task.id)

    def _delete(self, task: str) -> None:
        try:
            self._store.remove(task)
        except OutputError as error:  # a full disk, or on Windows a file that is being read
            self._undeleted.add(task)
            _log.warning("a job could not be deleted yet: %s", error)
        else:
            self._undeleted.discard(task)

    def _work(self, lane: FairQueue[Task], head: Device) -> None:
        while True:
            with Turn(head, lambda: False) as first:
                task = lane.take()
                if task is None:
                    return
                try:
                    self._do(task, first)
                except Exception as error:  # a disk, a missing model, a bug: the lane goes on
                    task.error = error_of(error, task, self._folders)
                    self._end(task, "failed")
            if task.id not in self._tasks:  # nobody waited any longer
                self.remove(task)

    def _do(self, task: Task, first: Turn) -> None:
        """Runs a task; ``first`` keeps the lane until the network is done."""
        deadline = time.monotonic() + self._limits.work_seconds

        def is_off() -> bool:
            # Asked before every tile, also during work without events: maps, transparency, encoding.
            if time.monotonic() > deadline:
                raise SrganError(
                    f"the job took more than {self._limits.work_seconds:g} seconds; send a smaller file"
                )
            return task.stop.is_set() or self._closing.is_set()

        def on_event(event: Event) -> None:
            task.note(event)
            if event.figures.get("bytes", 0) > self._limits.disk_bytes:
                raise OutputError("the result is too large for this server; ask for a smaller one")
            if event.unit == "tiles" and event.share == 1 and not task.options.get("invented"):
                turn.end()  # only encoding is left; films and maps may still need a network
                first.end()
            elif event.unit:  # a note alone is no work
                turn.pass_on()

        task.state = "running"
        task.started = task.started or time.time()
        if task.is_kept:
            self._store.save(task)
        turn = Turn(self._device, is_off)
        try:
            with turn:
                result = run_job(self._job(task), self._models, on_event, is_off)
        except CancelledError:
            result = JobResult(input=task.name, output="", status="cancelled")
        self._finish(task, result)

    def _job(self, task: Task) -> Job:
        options = Options.model_validate(task.options)
        folder = task.folder / RESULT
        source = task.folder / task.source
        ((_, target),) = plan_files([str(source)], folder, suffix="", extension=options.extension)
        return Job(
            source=source,
            target=target,
            invented=task.folder / INVENTED if options.invented else None,
            options=options.for_job(self._names, self._limits.pixels),
            existing="replace",
        )

    def _finish(self, task: Task, result: JobResult) -> None:
        self.tally.work(result)
        if result.status == "cancelled":
            if self._closing.is_set() and not task.stop.is_set():
                task.state = "waiting"  # for the next start
                if task.is_kept:
                    self._store.save(task)
                return
            self._end(task, "cancelled")
        elif result.error is not None:
            task.error = shown(result.error, task, self._folders)
            self._end(task, "failed")
        else:
            task.outcome = outcome_of(task, result, self._folders)
            self._end(task, "done")

    def _end(self, task: Task, state: State) -> None:
        task.state, task.finished = state, time.time()
        try:
            if state != "done":
                remove_folder(task.folder / RESULT)
            if task.is_kept and task.id in self._tasks:
                self._store.save(task)
        except OutputError as error:  # the task ends for those who wait, even so
            _log.warning("%s", error)
        task.ended.set_result(None)

    def _open_usual(self) -> None:
        with suppress(Exception):  # the first job reports it
            self._models.open()
        self._is_ready.set()

    def _sweep(self) -> None:
        """Deletes expired tasks, and what could not be deleted before."""
        while not self._closing.wait(_SWEEP):
            for name in list(self._undeleted):
                self._delete(name)
            oldest = time.time() - self._limits.keep_seconds
            for task in list(self._tasks.values()):
                if task.finished is not None and task.finished < oldest:
                    self.remove(task)
