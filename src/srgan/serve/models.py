"""The models that a server offers, by name: a request cannot name a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from srgan.errors import DataError, SrganError
from srgan.networks import DEFAULT_MODEL
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import list_models, load_card

_log = logging.getLogger(__name__)
_ENDINGS = (".safetensors", ".pth", ".pt", ".onnx", ".param")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A model that may be asked for.

    Attributes:
        model: its name, or its file.
        card: what is known of it.
    """

    model: str | Path
    card: ModelCard


def find_offers(folder: Path | None) -> dict[str, Offer]:
    """The shipped models, the usual one first, and those of a folder under the stems of their files.

    A file that cannot be read is left out, and the log says so.

    Raises:
        DataError: if there is no such folder.
    """
    names = sorted(list_models(), key=lambda name: (name != DEFAULT_MODEL, name))
    offers = {name: Offer(model=name, card=load_card(name)) for name in names}
    if folder is None:
        return offers
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder", field="models")
    for path in sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS):
        try:
            offers[path.stem] = Offer(model=path.resolve(), card=load_card(path))
        except SrganError as error:
            _log.warning("%s", error)
    return offers
