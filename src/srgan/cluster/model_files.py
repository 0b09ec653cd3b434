"""A model's files, on their way to computers that do not have them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from srgan.errors import UsageError
from srgan.files import make_folder, write_file
from srgan.networks.blend import SIBLINGS, find_sibling
from srgan.networks.catalogue import find_model, list_models


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """A model as it travels: shipped ones by their name, others with the contents of their files.

    Attributes:
        name: name of a shipped model, or of the model's file; None for the usual model.
        contents: contents of the model's file and of its companions, by name; none for a shipped model.
    """

    name: str | None = None
    contents: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, model: str | Path | None) -> ModelFiles:
        """Reads the files of a model; None is the usual one.

        Raises:
            UsageError, ModelError: if there is no such model.
        """
        if model is None or str(model) in list_models():
            return cls(name=None if model is None else str(model))
        files = _files_of(model)
        return cls(name=files[0].name, contents={file.name: file.read_bytes() for file in files})

    def digest(self, usual: str) -> str:
        """Hashes the model's file and those that belong to it: SHA-256, in hexadecimal.

        Args:
            usual: the shipped model that was chosen where none is named.
        """
        contents = self.contents or {file.name: file.read_bytes() for file in _files_of(self.name or usual)}
        return hashlib.sha256(b"".join(contents.values())).hexdigest()

    def unpacked(self, folder: Path) -> str | None:
        """Unpacks the model into ``folder``, as :class:`~srgan.jobs.options.JobOptions` takes it.

        Raises:
            OutputError: if they cannot be written.
        """
        for name, content in self.contents.items():
            write_file(make_folder(folder) / name, content)
        return str(folder / self.name) if self.name and self.contents else self.name


def _files_of(model: str | Path) -> list[Path]:
    """Returns a model's file, an ncnn network's parameters, and its siblings, if there are any."""
    file = find_model(model)
    files = [file]
    if file.suffix == ".param":
        files.append(file.with_suffix(".bin"))
    for kind in SIBLINGS if file.suffix == ".safetensors" else ():
        with suppress(UsageError):
            sibling = find_sibling(file, kind)
            files += [sibling] if sibling.is_file() and sibling.parent == file.parent else []
    return files
