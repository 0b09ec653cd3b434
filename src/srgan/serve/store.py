"""Keeps tasks on the disk: their records in SQLite, their files in a folder each."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from srgan.errors import OutputError
from srgan.files import claim, make_folder, remove_folder
from srgan.serve.task import Record, Task

_log = logging.getLogger(__name__)
_TABLE = "CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, record TEXT NOT NULL)"

_SECOND = 1.0


class Store:
    """The state folder of one server, locked against other processes. Thread-safe.

    Args:
        folder: made if absent.

    Raises:
        InUseError: if another server uses it.
        OutputError: if it cannot be written, or holds another program's data.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = claim(folder)
        self._folder = make_folder(folder / "tasks")
        self._guard = threading.Lock()
        self._bytes, self._measured = 0, -_SECOND
        file = folder / "tasks.sqlite"
        try:
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            # Writes survive the end of this process and, but for the last moments, a power cut.
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(_TABLE)
        except sqlite3.Error as error:
            self._lock.release()
            raise OutputError(f"{file}: cannot be used ({error}); choose another folder") from error

    def folder_of(self, task: str) -> Path:
        """Returns the folder of a task's files."""
        return self._folder / task

    def save(self, record: Record) -> None:
        """Writes a record, replacing that of the same id.

        Raises:
            OutputError: if it cannot be written.
        """
        self._write("REPLACE INTO tasks VALUES (?, ?)", record.id, record.to_json())

    def remove(self, task: str) -> None:
        """Deletes a task and its files.

        Raises:
            OutputError: if that fails.
        """
        remove_folder(self.folder_of(task))  # first: a full disk takes no change of the list before it
        self._write("DELETE FROM tasks WHERE id = ?", task)

    def tasks(self) -> list[Task]:
        """Returns all kept tasks, and deletes folders that belong to none.

        Raises:
            OutputError: if the list of tasks cannot be read, or such a folder not be deleted.
        """
        try:
            with self._guard, closing(self._database.execute("SELECT id, record FROM tasks")) as rows:
                records = dict(rows.fetchall())
        except sqlite3.Error as error:
            raise OutputError(f"the list of jobs cannot be read ({error})") from error
        for path in self._folder.iterdir():
            if path.name not in records:
                remove_folder(path)
        tasks = []
        for name, record in records.items():
            try:
                tasks.append(Task.from_json(record))
                tasks[-1].folder = self.folder_of(name)
            except (ValueError, TypeError, KeyError):  # another version wrote it
                _log.warning("the job %s cannot be read, and is deleted", name)
                self.remove(name)
        return tasks

    def bytes(self) -> int:
        """Returns the bytes of all files, unfinished uploads included; measured once a second at most."""
        with self._guard:
            if time.monotonic() - self._measured > _SECOND:
                # Folders and files may vanish meanwhile, which ``walk`` allows for.
                self._bytes = sum(_sizes(self._folder))
                self._measured = time.monotonic()
            return self._bytes

    def close(self) -> None:
        """Unlocks the folder."""
        with self._guard:
            self._database.close()
        self._lock.release()

    def _write(self, statement: str, *values: str) -> None:
        try:
            with self._guard:
                self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise OutputError(f"the list of jobs cannot be written ({error})") from error


def _sizes(folder: Path) -> Iterator[int]:
    for place, _, files in os.walk(folder):
        for file in files:
            with suppress(FileNotFoundError):
                yield Path(place, file).stat().st_size
