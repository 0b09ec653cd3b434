"""What workers are given, and what they return."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

import pyarrow as pa

from srgan.cluster.manifest import ROW
from srgan.cluster.model_files import ModelFiles
from srgan.cluster.storage import Place
from srgan.engines.protocol import Device, EngineName, Precision
from srgan.jobs.options import JobOptions

WHOLE, PIECE, JOIN = "whole", "piece", "join"
"""Kinds of tasks: an input (a long film is only begun); one piece of a film, and joining all of them if it is
the last to be made; joining them where that did not happen."""

TASK = ("kind", "input", "output", "earlier", "film", "piece", "size")
"""Keys of a task: "earlier" is the input's row in the manifest, as JSON; "film" the key of a film that was
begun; "size" the bytes of the input, 0 if unknown."""

DONE = pa.schema([*ROW, ("fresh", pa.bool_()), ("film", pa.string()), ("pieces", pa.int32())])
"""What comes back: a row, whether anything was done for it, a film's key until it is joined, and the number
of its pieces if it was just begun."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """All that workers have in common.

    Attributes:
        dest: the folder of the results.
        options: those of every job; their model is that of ``model``.
        model: the model, with its files.
        engine, precision, device, tile: as in :class:`~srgan.upscaling.upscaler.Upscaler`.
        anew: whether to redo existing results.
    """

    dest: Place
    options: JobOptions
    model: ModelFiles
    engine: EngineName = "auto"
    precision: Precision = "auto"
    device: Device = "auto"
    tile: Literal["auto", "off"] | int = "auto"
    anew: bool = False

    @property
    def settings(self) -> str:
        """What decides a result besides its input and the model, as JSON."""
        options = asdict(self.options)
        for name in ("model", "resume"):
            del options[name]
        computing = {"engine": self.engine, "precision": self.precision, "tile": self.tile}
        return json.dumps({**options, **computing}, default=str, sort_keys=True)
