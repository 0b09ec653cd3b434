"""Lists the models that a server offers by name, so that a request cannot name a file."""

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
    """A model that requests can name.

    Attributes:
        model: its name, or its file.
        card: its model card.
    """

    model: str | Path
    card: ModelCard


def find_offers(folder: Path | None) -> dict[str, Offer]:
    """Returns the shipped models, the default first, and those of a folder, named by their files' stems.

    Skips files that cannot be read, with a warning in the log.

    Raises:
        DataError: if the folder does not exist.
    """
    names = sorted(list_models(), key=lambda name: (name != DEFAULT_MODEL, name))
    offers = {name: Offer(model=name, card=load_card(name)) for name in names}
    if folder is None:
        return offers
    if not folder.is_dir():
        raise DataError(f"{folder}: the folder does not exist; choose another", field="models")
    for path in sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS):
        try:
            offers[path.stem] = Offer(model=path.resolve(), card=load_card(path))
        except SrganError as error:
            _log.warning("%s", error)
    return offers
