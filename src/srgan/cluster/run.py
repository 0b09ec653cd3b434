"""Runs all inputs through Ray Data: actors with an engine each take tasks, and return rows as they finish."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from srgan.cluster.attempts import SharedAttempts
from srgan.cluster.films import remove_segments
from srgan.cluster.fleet import Fleet, workers_of
from srgan.cluster.manifest import (
    MANIFEST,
    WORK,
    Row,
    list_notes,
    load,
    read_notes,
    save,
)
from srgan.cluster.sources import Item
from srgan.cluster.work import DONE, JOIN, PIECE, TASK, WHOLE, Work
from srgan.cluster.worker import Worker
from srgan.errors import OutputError
from srgan.events import Event, OnEvent
from srgan.files import claim

_MOST_ROWS, _MOST_BYTES, _SHARES = 16, 8 * 2**20, 4
"""Limits on what a worker takes at once, and so on what is lost with it: inputs, their bytes, and the
fraction (one in ...) of its share of the rest."""

_TASKS = "tasks"


@dataclass(kw_only=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        done: inputs whose results were made.
        unchanged: inputs whose results existed already.
        failed: rows of the others.
    """

    done: int = 0
    unchanged: int = 0
    failed: list[Row] = field(default_factory=list)

    def count(self, row: Row) -> None:
        """Counts one row that came back."""
        if row["status"] != "ok":
            self.failed.append(row)
        elif row["fresh"]:
            self.done += 1
        else:
            self.unchanged += 1


def run(items: Sequence[Item], work: Work, fleet: Fleet, on_event: OnEvent) -> Outcome:
    """Processes all items on the cluster this process is connected to, and writes the manifest.

    Whatever stops it, Ctrl-C too, nothing that is done is lost: the manifest is still written, and the next
    run finds what workers have noted since, even if this process was killed.

    Args:
        items: the inputs.
        work: what to do with each.
        fleet: the workers.
        on_event: takes the number of tasks done in each phase: "inputs", then "pieces" of long films, then
            "films" that are still to be joined; the figure is "failed".

    Raises:
        UsageError: if no node has room for a worker.
        InUseError: if another process works on the same destination, if that is on this computer.
        OutputError: if the destination has files of unknown origin, or cannot be written.
        DataError: if its manifest is damaged.
    """
    import ray

    workers = workers_of(fleet, [node["Resources"] for node in ray.nodes() if node["Alive"]])
    with _claimed(work):
        rows, outcome = load(work.dest), Outcome()
        attempts = SharedAttempts()
        films: dict[str, Row] = {}  # that are begun, and not finished

        def results(tasks: Sequence[Row], unit: str, most: int) -> Iterator[Row]:
            for number, row in enumerate(_results(tasks, work, fleet, workers, attempts, most), 1):
                yield row
                figures = {"failed": len(outcome.failed)}
                on_event(Event(done=number, total=len(tasks), unit=unit, figures=figures))

        def finish(row: Row) -> None:
            outcome.count(row)
            rows.add([row])  # where two inputs claim one result, the later row has it

        def finish_film(row: Row) -> None:
            film = films.pop(row["input"], None)
            if film is None:  # another of its pieces has failed
                return
            finish(row)
            if row["status"] == "ok":  # and noted: until then, joining it again needs the segments
                remove_segments(work.dest, film["film"])

        try:
            for row in results(list(_tasks(items, rows)), "inputs", _MOST_ROWS):
                if row["film"]:
                    films[row["input"]] = row
                else:
                    finish(row)
            for row in results(list(_pieces(films.values())), "pieces", 1):
                if row["status"] != "ok" or not row["film"]:
                    finish_film(row)
            # Who made the last piece has joined them, unless a lost node took the count of pieces with it.
            for row in results([_task(JOIN, film) for film in films.values()], "films", 1):
                finish_film(row)
            notes = list_notes(work.dest)
        except BaseException:  # Ctrl-C too
            notes = list_notes(work.dest)
            rows.add(read_notes(work.dest, notes))  # some have not come back
            save(work.dest, rows, notes)
            raise
        save(work.dest, rows, notes)
        if not outcome.failed:
            # While nobody else can take it. Windows does not remove the lock, which is open.
            with suppress(OutputError):
                (work.dest / WORK).remove()
    return outcome


def _task(kind: str, row: Row, **more: Any) -> Row:
    known = {"kind": kind, "input": row["input"], "output": row["output"], "film": row.get("film")}
    return {**dict.fromkeys(TASK), **known, "size": 0, **more}


def _tasks(items: Sequence[Item], known: Mapping[str, Row]) -> Iterator[Row]:
    for item in items:
        row = known.get(item.input)
        earlier = json.dumps(row) if row else None
        yield _task(WHOLE, vars(item), size=item.size, earlier=earlier)


def _pieces(films: Iterable[Row]) -> Iterator[Row]:
    for film in films:
        for number in range(film["pieces"]):
            yield _task(PIECE, film, piece=number)


@contextmanager
def _claimed(work: Work) -> Iterator[None]:
    """Locks the destination for this run, where possible."""
    known = (work.dest / MANIFEST).exists() or next((work.dest / WORK).below(), None)
    if not known and not work.anew and (stranger := next(work.dest.below(), None)):
        message = f"{work.dest}: holds {stranger[0]}, which this command did not make; choose another folder"
        raise OutputError(message, field="overwrite")
    folder = work.dest.path
    if folder is None:
        yield
        return
    lock = claim(folder / WORK)
    try:
        yield
    finally:
        lock.release()


def _results(
    tasks: Sequence[Row], work: Work, fleet: Fleet, workers: int, attempts: SharedAttempts, most: int
) -> Iterator[Row]:
    """Yields the rows of all tasks as they come back, in any order."""
    from ray.data import ActorPoolStrategy, DataContext, from_items

    if not tasks:
        return
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # it raises its errors as well
    context = DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    size = min(workers, len(tasks))
    # As text, one table a row: blocks are then made here, without a task of Ray's to look at each.
    rows = [{_TASKS: json.dumps(table)} for table in tables_of(tasks, size, most)]
    results = from_items(rows, override_num_blocks=len(rows)).map_batches(
        _Actor,
        fn_constructor_args=(work, None if fleet.gpu else fleet.cores, attempts),
        batch_size=None,
        batch_format="pyarrow",
        # At least one: a run continues with what is left after losing a computer.
        compute=ActorPoolStrategy(min_size=1, max_size=size, initial_size=size),
        num_cpus=fleet.needs.get("CPU", 0),
        num_gpus=fleet.needs.get("GPU", 0),
        memory=fleet.needs["memory"],
    )
    for block in results.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        yield from block.to_pylist()


class _Actor(Worker):
    """A worker as Ray Data calls it."""

    def __call__(self, batch: pa.Table) -> pa.Table:
        tasks = [task for text in batch[_TASKS].to_pylist() for task in json.loads(text)]
        return pa.Table.from_pylist(self.do(tasks), DONE)


def tables_of(tasks: Sequence[Row], workers: int, most: int) -> Iterator[list[Row]]:
    """Yields tables of tasks that a worker takes at once; ever smaller, so that all workers end together."""
    some: list[Row] = []
    size = 0
    for left, task in zip(reversed(range(len(tasks))), tasks, strict=True):
        some.append(task)
        size += task["size"]
        if not left or size >= _MOST_BYTES or len(some) >= min(most, left // (_SHARES * workers)):
            yield some
            some, size = [], 0
