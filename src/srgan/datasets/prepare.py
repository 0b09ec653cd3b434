"""From raw photographs to a training set: chosen, cropped, split, and written down."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from srgan.datasets.copies import Copies, Look
from srgan.datasets.examine import Facts, PrepareOptions, damaged, examine, picture_workers
from srgan.datasets.fingerprint import Fingerprint
from srgan.datasets.sources import Entry, Source, open_source
from srgan.datasets.training_set import SPLITS, Record, TrainingSet
from srgan.errors import DataError, ImageError, UsageError, shown
from srgan.events import Event, OnEvent
from srgan.files import remove_file, resumable

DROPPED = ("too_small", "grey", "damaged", "duplicate", "unsafe")
"""Why a photograph is left out."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A finished training set.

    Attributes:
        train: folder of the crops to train on.
        validation: folder of those to validate on.
        manifest: JSON file with the options, the counts and, by name, every photograph.
        counts: photographs looked at (``pictures``), ``kept``, of these in ``train`` and ``validation``,
            and those left out by reason (:data:`DROPPED`).
    """

    train: Path
    validation: Path
    manifest: Path
    counts: Mapping[str, int]


def prepare(
    source: Path,
    dest: Path,
    options: PrepareOptions = PrepareOptions(),
    *,
    on_event: OnEvent | None = None,
) -> Prepared:
    """Makes a training set of a folder, zip or tar of photographs.

    Photographs that are too small, grey, damaged, or copies of earlier ones are left out; of each other
    the centre is written to ``train`` or ``validation`` as a lossless PNG. Which of the two depends on its
    file's content and the seed alone, so that it stays there when photographs are added. The result depends
    on the source and the options alone: the next call continues one that was stopped in any way, and after
    a change of the source it reads only what has changed.

    Args:
        source: folder, searched with its sub-folders, or archive; never changed.
        dest: folder of the training set; made if absent. Nothing else is written to.
        options: what to keep and how to cut it.
        on_event: called after each photograph, in "pictures"; the figure "kept" is how many were kept.

    Raises:
        UsageError: if the options contradict each other, the source is no folder or archive, or ``dest``
            holds something else.
        DataError: if no photograph can serve, or the archive is damaged.
        InUseError: if another process is working in ``dest``.
        OutputError: if ``dest`` cannot be written.
        ImageError: if the source folder cannot be listed.
    """
    _check(source, dest, options)
    with resumable(dest):
        training_set = TrainingSet(dest, source, options)
        # No picture takes more: 16-bit RGBA without compression, and some room for metadata.
        with open_source(source, max_bytes=8 * options.max_pixels + 2**24) as opened:
            if not opened.entries:
                raise DataError(f"{source}: holds no pictures (PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC, GIF)")
            with closing(training_set), warnings.catch_warnings():
                # Pillow's warnings about odd tags; damage is an error, and named in the manifest.
                warnings.filterwarnings("ignore", module=r"PIL\.")
                return _fill(training_set, opened, options, on_event)


def describe_dropped(counts: Mapping[str, int]) -> str:
    """Returns how many photographs were left out and why, in words."""
    dropped = [f"{counts[reason]} {reason.replace('_', ' ')}" for reason in DROPPED if counts[reason]]
    return ", ".join(dropped) or "none"


def _check(source: Path, dest: Path, options: PrepareOptions) -> None:
    problems = [
        f"{name} is {getattr(options, name)}, must be at least {least}"
        for name, least in (("min_size", 1), ("crop", 0), ("limit", 1), ("max_pixels", 1))
        if getattr(options, name) is not None and getattr(options, name) < least
    ]
    if options.crop > options.min_size:
        problems.append(
            f"crop is {options.crop}, larger than min_size, {options.min_size}, which lets smaller "
            "pictures in; lower one or raise the other"
        )
    if not 0 <= options.validation < 1:
        problems.append(
            f"validation is {options.validation}, must be from 0 to below 1, the share to validate on"
        )
    if not source.exists():
        problems.append(f"{source}: there is no such folder or archive")
    elif source.is_dir() and dest.resolve().is_relative_to(source.resolve()):
        problems.append(f"{dest}: lies in the source itself; name a folder elsewhere")
    if problems:
        raise UsageError("; ".join(problems))


def _fill(
    training_set: TrainingSet,
    source: Source,
    options: PrepareOptions,
    on_event: OnEvent | None,
) -> Prepared:
    known = training_set.begin()
    examiner = _Examiner(source, options, training_set.work)
    seen, records, kept = Copies(), [], 0
    with closing(examiner.examine_all(known)) as examined:
        for entry, facts, crop in examined:
            record = _decide(facts, seen, options)
            if record.status == "kept" and crop is None and not training_set.holds(record):
                # An earlier run took it for a duplicate, or someone has removed the crop.
                facts, crop = examiner.start(entry)()
                record = _decide(facts, seen, options)
            if record.status == "kept":
                seen.add(_look(facts))
                kept += 1
            if crop is not None or known.get(facts.name) != facts:
                training_set.add(record, crop if record.status == "kept" else None)
            records.append(record)
            if on_event is not None:
                figures = {"kept": kept}
                total = len(source.entries)
                on_event(Event(done=len(records), total=total, unit="pictures", figures=figures))
            if kept == options.limit:
                break
    statuses: Counter[str] = Counter(record.status for record in records)
    splits = Counter(record.split for record in records)
    counts = {
        "pictures": len(records),
        "kept": kept,
        **{split: splits[split] for split in SPLITS},
        **{reason: statuses[reason] for reason in DROPPED},
    }
    training_set.finish(records, counts)
    if not kept:
        raise DataError(
            f"{training_set.head['source']}: no picture can be used; left out: {describe_dropped(counts)}; "
            f"{training_set.manifest} names each"
        )
    train, validation = (training_set.folder / split for split in SPLITS)
    return Prepared(train=train, validation=validation, manifest=training_set.manifest, counts=counts)


def _decide(facts: Facts, seen: Copies, options: PrepareOptions) -> Record:
    """Decides about a photograph, given those that are in the set already."""
    if facts.status != "usable":
        return Record(facts=facts, status=facts.status, reason=facts.reason)
    copy = seen.find(_look(facts))
    if copy is not None:
        reason = f"has the pixels of {copy.of}" if copy.exact else f"looks like {copy.of}"
        return Record(facts=facts, status="duplicate", reason=reason)
    drawn = hashlib.sha256(f"{options.seed} {facts.sha256}".encode()).digest()
    validates = int.from_bytes(drawn[:8], "big") < options.validation * 2**64
    split = SPLITS[validates]
    # Its own name to read, and the content's to be unique whatever else is in the set.
    stem = re.sub(r"[^\w-]+", "_", PurePosixPath(facts.name).stem)[:50]
    return Record(facts=facts, status="kept", split=split, output=f"{split}/{stem}-{facts.sha256[:12]}.png")


def _look(facts: Facts) -> Look:
    fingerprint = Fingerprint.from_text(facts.fingerprint)
    return Look(name=facts.name, pixels=facts.pixels, fingerprint=fingerprint)


class _Examiner:
    """Fetches photographs here and examines them on all cores.

    Threads suffice: decoding, encoding, hashing and most of NumPy run in parallel.
    """

    def __init__(self, source: Source, options: PrepareOptions, work: Path) -> None:
        self._source, self._options, self._work = source, options, work
        self._workers = picture_workers()
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="prepare")
        self._fetched = 0

    def examine_all(
        self, known: Mapping[str, Facts]
    ) -> Generator[tuple[Entry, Facts, bytes | None], None, None]:
        """Yields every picture with its facts and its crop, in order; no crop where the facts were known.

        Only a few are held at a time. Close it to stop the examining.
        """
        pending: deque[tuple[Entry, Callable[[], tuple[Facts, bytes | None]]]] = deque()
        try:
            for entry in self._source.entries:
                facts = known.get(entry.name)
                if facts is not None and (facts.size, facts.stamp) == (entry.size, entry.stamp):
                    pending.append((entry, partial(_without_crop, facts)))
                else:
                    pending.append((entry, self.start(entry)))
                if len(pending) > 2 * self._workers:
                    first, result = pending.popleft()
                    yield first, *result()
            for last, result in pending:
                yield last, *result()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def start(self, entry: Entry) -> Callable[[], tuple[Facts, bytes | None]]:
        """Begins to examine a picture; what it returns waits for the facts and the crop."""
        if entry.unsafe:
            reason = "its name leads outside the archive"
            facts = Facts(name=entry.name, size=entry.size, stamp=entry.stamp, status="unsafe", reason=reason)
            return lambda: (facts, None)
        self._fetched += 1
        spool = self._work / f"{self._fetched}.original"
        try:
            file = self._source.fetch(entry.name, spool)
        except ImageError as error:
            broken = damaged(entry, str(error).removeprefix(f"{shown(entry.name)}: "))
            return lambda: (broken, None)

        def work() -> tuple[Facts, bytes | None]:
            try:
                return examine(entry, file, self._options)
            finally:
                remove_file(spool)

        return self._pool.submit(work).result


def _without_crop(facts: Facts) -> tuple[Facts, bytes | None]:
    return facts, None
