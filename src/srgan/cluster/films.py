"""Long films: begun by one worker, upscaled in pieces by all, and joined by the one that made the last."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from srgan.cluster.manifest import WORK
from srgan.cluster.storage import Place
from srgan.cluster.work import Work
from srgan.files import make_folder
from srgan.jobs.job import Job
from srgan.jobs.models import Models
from srgan.jobs.result import JobResult
from srgan.upscaling.upscaler import Upscaler
from srgan.video.pieces import Pieces, enlarge_piece, join_pieces, plan_pieces
from srgan.video.writing.segments import frames_in, segment_name

_PLAN = "pieces.json"


@dataclass(frozen=True, kw_only=True)
class Film:
    """A film that was begun.

    Attributes:
        key: name of its folder, made from all that decides the result.
        place: its folder, with the plan and the segments.
        pieces: the plan.
    """

    key: str
    place: Place
    pieces: Pieces

    @classmethod
    def load(cls, dest: Place, key: str) -> Film:
        """Returns a film by its key.

        Raises:
            OSError: if its plan cannot be read.
        """
        place = _place_of(dest, key)
        return cls(key=key, place=place, pieces=Pieces.from_json((place / _PLAN).read()))


def begin_film(work: Work, output: str, digest: str, job: Job, models: Models) -> Film | None:
    """Plans the pieces of a film; None for one that is upscaled as a whole.

    Args:
        work: what all tasks have in common.
        output: name of the result.
        digest: SHA-256 of the input.
        job: its file, and the file of the result.
        models: opens the model.

    Raises:
        VideoError: if it cannot be read.
        OutputError: if the plan cannot be written.
    """
    assert isinstance(job.source, Path)
    assert isinstance(job.target, Path)
    if not job.is_video:
        return None
    model = work.model.digest(models.for_job(job).card.name)
    deciding = (digest, output, work.settings, model, version("srgan"), version("av"))
    key = hashlib.sha256(repr(deciding).encode()).hexdigest()[:32]
    place = _place_of(work.dest, key)
    if (place / _PLAN).exists():
        return Film.load(work.dest, key)
    pieces = plan_pieces(job.source, job.target, max_pixels=job.options.max_pixels)
    if pieces is None:
        return None
    (place / _PLAN).write(pieces.to_json().encode())
    return Film(key=key, place=place, pieces=pieces)


def enlarge_part(film: Film, number: int, job: Job, upscaler: Upscaler, folder: Path) -> None:
    """Makes the segments of a piece, unless they exist.

    Raises:
        SrganError: as :func:`~srgan.video.pieces.enlarge_piece` does.
    """
    assert isinstance(job.source, Path)
    assert isinstance(job.target, Path)
    names = [segment_name(segment) for segment in film.pieces.segments_of(number)]
    if not all(_is_there(film.place / name) for name in names):
        segments = enlarge_piece(
            job.source, job.target, film.pieces, number, upscaler, job.options.video, folder
        )
        for segment in segments:
            (film.place / segment.name).put(segment)


def join_film(film: Film, job: Job, upscaler: Upscaler, folder: Path) -> JobResult:
    """Writes the finished film.

    Raises:
        SrganError: as :func:`~srgan.video.pieces.join_pieces` does.
    """
    assert isinstance(job.source, Path)
    assert isinstance(job.target, Path)
    began = time.perf_counter()
    where = film.place.path
    if where is None:
        where = make_folder(folder)
        for name, _ in film.place.below():
            (film.place / name).fetched(where)
    done = join_pieces(job.source, job.target, film.pieces, where, upscaler, job.options.video)
    return JobResult(
        input=str(job.source),
        output=str(job.target),
        input_size=done.input_size,
        output_size=done.output_size,
        frames=done.frames,
        seconds=time.perf_counter() - began,
        notes=done.notes,
        model=upscaler.card.name,
        engine=upscaler.engine.name,
        precision=upscaler.engine.precision_for("uint16" if done.is_deep else "uint8"),
        device=upscaler.engine.device,
    )


def remove_segments(dest: Place, key: str) -> None:
    """Removes the segments of a film, by its key.

    Raises:
        OutputError: if that fails.
    """
    _place_of(dest, key).remove()


def _place_of(dest: Place, key: str) -> Place:
    return dest / WORK / "films" / key


def _is_there(segment: Place) -> bool:
    """Returns whether a segment is whole; in a store, objects appear only when they are."""
    return segment.exists() and (segment.path is None or frames_in(segment.path) > 0)
