"""One interface for files and objects: paths, and addresses of object stores, through Arrow or fsspec."""

from __future__ import annotations

import hashlib
import posixpath
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from srgan.errors import MissingExtraError, OutputError, UsageError
from srgan.files import (
    copy_file,
    explained,
    make_folder,
    opened,
    reason_of,
    remove_file,
    remove_folder,
    replacing,
    temporary_folder,
    write_file,
)

_CHUNK = 2**20


@dataclass(frozen=True)
class Place:
    """A file, an object, or a folder of them.

    Args:
        text: an absolute path, or an address such as ``s3://bucket/key``. What follows a question mark
            configures the store, such as ``s3://bucket/key?endpoint_override=127.0.0.1:9000&scheme=http``.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> Place:
        """Returns the place of a path, which may be relative, or of an address; ``file://`` is a path.

        Raises:
            UsageError: if an address names no store.
        """
        if not is_address(text):
            return cls(str(Path(text).absolute()))
        parts = urlsplit(text)
        if parts.scheme == "file":
            return cls(str(Path(unquote(parts.path)).absolute()))
        if not parts.netloc:
            raise UsageError(f"{text}: names no bucket; write it as {parts.scheme}://bucket/folder")
        return cls(text)

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> Path | None:
        """Its path on this computer; None if it is in a store."""
        return None if is_address(self.text) else Path(self.text)

    @property
    def name(self) -> str:
        """Its last part."""
        return posixpath.basename(self._key()) if self.path is None else self.path.name

    def __truediv__(self, name: str) -> Place:
        """Returns the place with a name below this one."""
        if self.path is not None:
            return Place(str(self.path / name))
        address, mark, query = self.text.partition("?")
        return Place(f"{address.rstrip('/')}/{name}{mark}{query}")

    def exists(self) -> bool:
        """Returns whether there is a file or an object of this name.

        Raises:
            OSError: if its store does not answer.
        """
        if self.path is not None:
            return self.path.is_file()
        return bool(self._store().get_file_info(self._key()).is_file)

    def below(self) -> Iterator[tuple[str, int]]:
        """Yields all files below a folder: their names from there on, sorted, and their sizes in bytes.

        Raises:
            OSError: if it cannot be listed.
        """
        if self.path is not None:
            found = (path for path in self.path.rglob("*") if path.is_file())
            yield from sorted((path.relative_to(self.path).as_posix(), path.stat().st_size) for path in found)
            return
        from pyarrow.fs import FileSelector

        key = self._key().rstrip("/")
        infos = self._store().get_file_info(FileSelector(key, recursive=True, allow_not_found=True))
        yield from sorted((info.path[len(key) + 1 :], info.size) for info in infos if info.is_file)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Opens the content for reading, at its beginning.

        Raises:
            OSError: if it cannot be read.
        """
        if self.path is not None:
            with self.path.open("rb") as file:
                yield file
        else:
            with self._store().open_input_stream(self._key()) as stream:
                yield cast(BinaryIO, stream)

    def read(self) -> bytes:
        """Reads the whole content.

        Raises:
            OSError: if it cannot be read.
        """
        with self.opened() as stream:
            return stream.read()

    def sha256(self) -> str:
        """Returns the digest of the content, in hexadecimal.

        Raises:
            OSError: if it cannot be read.
        """
        digest = hashlib.sha256()
        with self.opened() as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def fetched(self, folder: Path) -> Path:
        """Returns a local file with the content: itself, or a copy of the same name in ``folder``.

        Raises:
            OSError: if it cannot be read.
            OutputError: if the copy cannot be written.
        """
        if self.path is not None:
            return self.path
        copy = make_folder(folder) / self.name
        with self.opened() as stream, replacing(copy) as part, opened(part, "wb") as file:
            shutil.copyfileobj(stream, file, _CHUNK)
        return copy

    def put(self, file: Path) -> None:
        """Copies a file here; it appears under its name only when it is whole.

        Raises:
            OutputError: if that fails.
        """
        with explained(self.text):
            if self.path is not None:
                make_folder(self.path.parent)
                copy_file(file, self.path, durable=True)
                return
            _upload(self._store(), self._key(), file)
            size = self._store().get_file_info(self._key()).size
        if size != file.stat().st_size:
            raise OutputError(f"{self}: {size} bytes have arrived, not {file.stat().st_size}; try again")

    def write(self, content: bytes) -> None:
        """Works like :meth:`put`, with content in memory.

        Raises:
            OutputError: if that fails.
        """
        with temporary_folder() as folder:
            file = folder / "content"
            write_file(file, content)
            self.put(file)

    def remove(self) -> None:
        """Removes a file, or a folder with everything in it, if it exists.

        Raises:
            OutputError: if that fails.
        """
        with explained(self.text):
            if self.path is None:
                with suppress(FileNotFoundError):
                    kind = self._store().get_file_info(self._key())
                    (self._store().delete_file if kind.is_file else self._store().delete_dir)(self._key())
            elif self.path.is_dir():
                remove_folder(self.path)
            else:
                remove_file(self.path)

    def _store(self) -> Any:
        parts = urlsplit(self.text)
        return _store_of(parts.scheme, parts.netloc, parts.query)

    def _key(self) -> str:
        # Not urlsplit's path: names of objects may hold a "#".
        return self.text.partition("?")[0].split("://", 1)[1]


def is_address(text: str) -> bool:
    """Returns whether a text is an address, such as ``s3://bucket/key``, and not a path."""
    scheme, mark, _ = text.partition("://")
    return bool(mark) and scheme.isalnum()


def _upload(store: Any, key: str, file: Path) -> None:
    """Reads ahead of what it writes: a stream closed after a failed read would leave half an object."""
    with file.open("rb") as source:
        chunk = source.read(_CHUNK)
        with store.open_output_stream(key) as stream:
            while chunk:
                following = source.read(_CHUNK)
                stream.write(chunk)
                chunk = following


@cache
def _store_of(scheme: str, host: str, query: str) -> Any:
    """Returns the file system of a store, made once, as Arrow asks each new bucket where it is."""
    import pyarrow
    from pyarrow import fs

    if scheme == "s3":  # small objects in one request instead of three
        query = "&".join(filter(None, (query, "allow_delayed_open=true")))
    address = f"{scheme}://{host}/" + (f"?{query}" if query else "")
    try:
        return fs.FileSystem.from_uri(address)[0]
    except pyarrow.ArrowInvalid as error:
        if "Unrecognized filesystem" not in str(error):
            raise UsageError(f"{address}: {next(iter(str(error).splitlines()))}") from error
    except OSError as error:
        raise OSError(f"{address}: cannot be reached ({reason_of(error)})") from error
    import fsspec

    try:
        return fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem(scheme)))
    except ImportError as error:
        raise MissingExtraError(f"an address that begins with {scheme}://", "cluster") from error
    except ValueError as error:
        raise UsageError(f"{address}: nothing here reads {scheme}://; copy the files elsewhere") from error
