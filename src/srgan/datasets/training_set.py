"""The folder of a training set: its manifest, its crops, and what an interrupted run left in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO, Any, Literal

from filelock import FileLock

from srgan.datasets.examine import Facts, PrepareOptions
from srgan.datasets.fingerprint import Fingerprint
from srgan.errors import UsageError
from srgan.files import (
    claim,
    clear,
    explained,
    make_folder,
    opened,
    remove_file,
    remove_folder,
    write_file,
)
from srgan.leftovers import remove_abandoned

VERSION = 2
"""Version of the manifest, and of the rules that choose and cut; another version makes another set."""

SPLITS = ("train", "validation")

_NOT_OURS = (ValueError, LookupError, TypeError)  # what reading another file as ours raises
_FACTS = tuple(field.name for field in fields(Facts))


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of a photograph: a line of the manifest.

    Attributes:
        facts: what its file shows.
        status: "kept", "duplicate", or why it cannot serve.
        reason: why it was dropped, in words.
        split: "train" or "validation" if it is kept.
        output: the crop's path inside the set if it is kept.
    """

    facts: Facts
    status: Literal["kept", "duplicate", "too_small", "grey", "damaged", "unsafe"]
    reason: str | None = None
    split: str | None = None
    output: str | None = None

    def to_json(self) -> str:
        """Returns the record as a line of the manifest."""
        own = {"status": self.status, "reason": self.reason, "split": self.split, "output": self.output}
        return json.dumps({"name": self.facts.name, **own, **_without(asdict(self.facts), {"name", *own})})


class TrainingSet:
    """A folder that ``srgan prepare`` makes.

    ``manifest.json`` says what the set is made of. Until a run ends, ``.prepare`` holds a journal with a
    line for every photograph done, and the pictures that are taken out of an archive.

    Args:
        folder: the set; need not be there.
        source: what it is made from.
        options: how it is made.

    Raises:
        UsageError: if the folder holds something else, or a set made otherwise.
    """

    def __init__(self, folder: Path, source: Path, options: PrepareOptions) -> None:
        self.folder, self.manifest = folder, folder / "manifest.json"
        self.head: dict[str, Any] = {
            "made_by": "srgan prepare",
            "version": VERSION,
            "source": str(source.resolve()),
            "options": asdict(options),
        }
        self.work = folder / ".prepare"
        self._journal: IO[bytes] | None = None
        self._lock: FileLock | None = None
        self._new = not self.manifest.exists()
        self._facts: dict[str, Facts] = {}
        self._outputs: set[str] = set()
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: is a file; name a folder for the training set")
        if not self._new:
            self._read_manifest()
        elif folder.exists() and any(map(_is_foreign, folder.iterdir())):
            raise UsageError(f"{folder}: is not empty and holds no training set; name a new folder")

    def _read_manifest(self) -> None:
        try:
            found = json.loads(self.manifest.read_text(encoding="utf-8"))
            version, source, options = found["version"], found["source"], dict(found["options"])
            for line in found["pictures"]:
                self._remember(line)
        except _NOT_OURS:
            raise UsageError(
                f"{self.manifest}: was not written by srgan prepare; name a new folder"
            ) from None
        if version != VERSION:
            raise UsageError(f"{self.folder}: was made by another version of srgan; name a new folder")
        if source != self.head["source"]:
            raise UsageError(f"{self.folder}: was made from {source}; name a new folder")
        changed = [
            f"{name} {options.get(name)}, not {value}"
            for name, value in self.head["options"].items()
            if options.get(name) != value
        ]
        if changed:
            raise UsageError(
                f"{self.folder}: was made with {'; '.join(changed)}; name a new folder, or use the same"
            )

    def begin(self) -> dict[str, Facts]:
        """Claims the folder.

        Returns:
            by name, the facts that earlier runs found.

        Raises:
            InUseError: if another process is working in it.
            OutputError: if it cannot be written.
        """
        self._lock = claim(self.work)
        self._clear()
        if self._new:  # the first visible file: by it, the next run recognises the folder
            self._write_manifest([], {}, complete=False)
        for split in SPLITS:
            remove_abandoned(make_folder(self.folder / split))
        journal = self.work / "journal.jsonl"
        if journal.exists():
            for line in journal.read_text(encoding="utf-8", errors="replace").split("\n"):
                # A killed process may have left half a line.
                with suppress(*_NOT_OURS):
                    self._remember(json.loads(line))
        with explained(journal):
            self._journal = opened(journal, "ab")
        return self._facts

    def _remember(self, line: dict[str, Any]) -> None:
        facts = Facts(**{name: line[name] for name in _FACTS})
        if facts.fingerprint:
            Fingerprint.from_text(facts.fingerprint)  # raises ValueError if it is not one
        if line["status"] in ("kept", "duplicate"):  # whether it is a duplicate is decided anew
            facts = replace(facts, status="usable", reason=None)
        if facts.status != "damaged":  # what could not be read may be readable another time
            self._facts[facts.name] = facts
        if line["output"]:
            self._outputs.add(line["output"])

    def _clear(self) -> None:
        clear(self.work, keep=("journal.jsonl", "lock"))

    def holds(self, record: Record) -> bool:
        """Returns whether a kept picture's crop is there, and whole."""
        try:
            return (self.folder / str(record.output)).stat().st_size == record.facts.crop_bytes
        except OSError:
            return False

    def add(self, record: Record, crop: bytes | None) -> None:
        """Writes a picture's crop, if it has one, and then notes that it is done.

        Raises:
            OutputError: if that cannot be written; the set can be resumed.
        """
        if crop is not None:
            write_file(self.folder / str(record.output), crop)
        if self._journal is not None:
            with explained(self.work):
                # The line break comes first: half a line of a killed process may be there.
                self._journal.write(b"\n" + record.to_json().encode())
                self._journal.flush()

    def finish(self, records: Sequence[Record], counts: Mapping[str, int]) -> None:
        """Writes the manifest, and removes crops that are no longer part of the set.

        Raises:
            OutputError: if that fails.
        """
        gone = self._outputs - {record.output for record in records}
        with explained(self.folder):
            for split in SPLITS:
                for path in (self.folder / split).iterdir():
                    if f"{split}/{path.name}" in gone:
                        remove_file(path)
        self._write_manifest(records, counts, complete=True)
        self.close()
        remove_folder(self.work)

    def close(self) -> None:
        """Removes what is half-written, and releases the folder."""
        if self._journal is not None:
            self._journal.close()
        self._journal = None
        if self._lock is not None:
            self._clear()
            self._lock.release()
            self._lock = None

    def _write_manifest(self, records: Sequence[Record], counts: Mapping[str, int], complete: bool) -> None:
        head = json.dumps({**self.head, "complete": complete, "counts": counts}, indent=1)
        lines = ",\n".join("  " + record.to_json() for record in records)
        write_file(self.manifest, f'{head[:-2]},\n "pictures": [\n{lines}\n ]\n}}\n', durable=complete)


def _is_foreign(path: Path) -> bool:
    """Returns whether something in a folder prevents making a set there."""
    # A set that was removed while it was being started leaves its folders, empty.
    is_begun = path.name in SPLITS and path.is_dir() and not any(path.iterdir())
    return not is_begun and not path.name.startswith(".")


def _without(mapping: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}
