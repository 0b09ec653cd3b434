"""What an actor does: with one engine, it fetches, upscales and stores one task after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from srgan.cluster.attempts import MOST_ATTEMPTS, Attempts
from srgan.cluster.films import Film, begin_film, enlarge_part, join_film
from srgan.cluster.manifest import ROW, Row, note
from srgan.cluster.storage import Place
from srgan.cluster.work import DONE, PIECE, WHOLE, Work
from srgan.files import temporary_folder
from srgan.jobs.job import Job
from srgan.jobs.models import Models
from srgan.jobs.result import JobError, JobResult
from srgan.jobs.run import run_job


class Worker:
    """Runs tasks, a few per call; Ray makes one in each actor.

    Args:
        work: what to do with each input.
        threads: processor threads of its engine; None means all.
        attempts: counts for all workers.
    """

    def __init__(self, work: Work, threads: int | None, attempts: Attempts) -> None:
        self._work, self._attempts = work, attempts
        self._models = Models(
            engine=work.engine,
            precision=work.precision,
            device=work.device,
            tile=work.tile,
            threads=threads,
        )
        with temporary_folder() as folder:
            self._options = replace(work.options, model=work.model.unpacked(folder))
            self._models.for_pictures(self._options)  # and stays open, without its file
        self._digest = cache(work.model.digest)

    def do(self, tasks: Sequence[Row]) -> list[Row]:
        """Returns the rows of all tasks, with the columns ``DONE``.

        Before that, it notes finished inputs in the destination.

        Args:
            tasks: with the keys ``TASK``.
        """
        rows = list(map(self._do, tasks))
        finished = [
            {name: row[name] for name in ROW.names} for row in rows if row["fresh"] and not row["film"]
        ]
        if finished:
            note(self._work.dest, finished)
        return rows

    def _do(self, task: Row) -> Row:
        name = f"{task['input']} {task['kind']} {task['piece']}"
        attempt = self._attempts.begin(name)
        try:
            if attempt > MOST_ATTEMPTS:
                message = (
                    f"{task['input']}: the worker died {MOST_ATTEMPTS} times while upscaling it; leave it out"
                )
                return self._blank(task) | {"status": "failed", "error": message}
            with temporary_folder() as folder:
                return self._from_file(task, Place(task["input"]).fetched(folder / "in"), folder)
        except Exception as error:
            message = JobError.of(error, task["input"]).message
            return self._blank(task) | {"status": "failed", "error": message}
        finally:
            self._attempts.end(name)

    def _from_file(self, task: Row, file: Path, folder: Path) -> Row:
        target = self._work.dest / task["output"]
        result_file = target.path or folder / "out" / target.name
        job = Job(source=file, target=result_file, options=self._options, existing="replace")
        if task["kind"] == PIECE:
            film = Film.load(self._work.dest, task["film"])
            enlarge_part(film, task["piece"], job, self._models.for_job(job), folder / "piece")
            if not self._attempts.is_last(film.key, task["piece"], film.pieces.count):
                return self._blank(task) | {"status": "ok"}
        digest = Place(str(file)).sha256()
        known = {"input_sha256": digest, "input_bytes": file.stat().st_size}
        if task["kind"] != WHOLE:
            film = Film.load(self._work.dest, task["film"])
            result = join_film(film, job, self._models.for_job(job), folder / "segments")
        else:
            earlier = json.loads(task["earlier"]) if task["earlier"] else None
            if earlier and not self._work.anew and self._is_done(task, earlier, digest):
                return {**earlier, "fresh": False}
            if begun := begin_film(self._work, task["output"], digest, job, self._models):
                following = {"status": "ok", "film": begun.key, "pieces": begun.pieces.count}
                return self._blank(task) | known | following
            result = run_job(job, self._models)
        row = self._blank(task) | known | dict(_facts(result))
        if result.error is not None:
            message = result.error.message.replace(str(file), task["input"])
            return row | {"error": message.replace(str(result_file), str(target))}
        if target.path is None:
            target.put(result_file)
        return row | {
            "film": None,
            "output_sha256": Place(str(result_file)).sha256(),
            "output_bytes": result_file.stat().st_size,
            "model_sha256": self._digest(result.model or ""),
        }

    def _is_done(self, task: Row, earlier: Row, digest: str) -> bool:
        """Returns whether the result of the same input, made in the same way, exists."""
        made = {"status": "ok", "output": task["output"], "input_sha256": digest, **self._common()}
        if any(earlier[name] != value for name, value in made.items()):
            return False
        if earlier["model_sha256"] != self._digest(earlier["model"] or ""):
            return False
        target = self._work.dest / task["output"]
        return target.exists() and bool(target.sha256() == earlier["output_sha256"])

    def _common(self) -> Row:
        return {"options": self._work.settings, "version": version("srgan")}

    def _blank(self, task: Row) -> Row:
        known = {"input": task["input"], "output": task["output"], "film": task["film"], "fresh": True}
        return {**dict.fromkeys(DONE.names), **known, **self._common()}


def check_model(work: Work) -> None:
    """Opens the model on this computer, to report at once what is wrong with it.

    Without ``--device cuda``, workers compute on processors. GPUs may be where only workers are, so what
    depends on them is left to the workers.

    Raises:
        SrganError: as :class:`~srgan.upscaling.upscaler.Upscaler` does.
    """
    if work.device == "cuda":
        models = Models(device="cpu", tile=work.tile)
    else:
        models = Models(engine=work.engine, precision=work.precision, device=work.device, tile=work.tile)
    models.for_pictures(work.options)


def _facts(result: JobResult) -> Iterator[tuple[str, Any]]:
    """Yields what the manifest says of a job's result."""
    yield "status", result.status
    for side, size in (("input", result.input_size), ("output", result.output_size)):
        if size is not None:
            yield f"{side}_width", size[0]
            yield f"{side}_height", size[1]
    for name in ("frames", "seconds", "model", "engine", "precision", "device"):
        yield name, getattr(result, name)
