"""Opens the models of jobs, each once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from srgan.events import Event, OnEvent
from srgan.networks import DEFAULT_MODEL

if TYPE_CHECKING:
    from srgan.engines.protocol import Device, EngineName, Precision
    from srgan.jobs.job import Job
    from srgan.jobs.options import JobOptions
    from srgan.networks.onnx import OnnxForm
    from srgan.upscaling.upscaler import Upscaler

FOR_VIDEOS = "fast"
"""The model for long videos on a processor, where none is named."""

_LONG = 5.0
"""Seconds of video that are worth waiting for the better model."""

_KEPT = 8
"""Models that stay open; the least recently used is closed first."""

_Key = tuple[str, float | None, float | None, int | None, "OnnxForm | None", bool]


class Models:
    """Opens each model once, and chooses one for a job. Thread-safe.

    Args:
        engine, precision, device, tile, threads: as in :class:`~srgan.upscaling.upscaler.Upscaler`, for all
            models.
    """

    def __init__(
        self,
        *,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        device: Device = "auto",
        tile: Literal["auto", "off"] | int = "auto",
        threads: int | None = None,
    ) -> None:
        self._engine: EngineName = engine
        self._precision: Precision = precision
        self._device: Device = device
        self._tile: Literal["auto", "off"] | int = tile
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: OrderedDict[_Key, Upscaler] = OrderedDict()

    def open(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        detail: float | None = None,
        denoise: float | None = None,
        halo: int | None = None,
        onnx: OnnxForm | None = None,
        consistent: bool = False,
    ) -> Upscaler:
        """Returns the upscaler of a model, the same one for the same request.

        Raises:
            UsageError, ModelError, MissingExtraError: as ``Upscaler`` does.
        """
        from srgan.upscaling.upscaler import Upscaler

        key: _Key = (str(model), detail, denoise, halo, onnx, consistent)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = Upscaler(
                    model,
                    engine=self._engine,
                    precision=self._precision,
                    device=self._device,
                    tile=self._tile,
                    threads=self._threads,
                    detail=detail,
                    denoise=denoise,
                    halo=halo,
                    onnx=onnx,
                    consistent=consistent,
                )
            self._opened.move_to_end(key)
            if len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
            return self._opened[key]

    def for_pictures(self, options: JobOptions) -> Upscaler:
        """Returns the requested model, or the default."""
        return self.open(
            options.model or DEFAULT_MODEL,
            detail=options.detail,
            denoise=options.denoise,
            halo=options.halo,
            onnx=options.onnx,
            consistent=options.consistent,
        )

    def for_video(
        self, options: JobOptions, source: Path | None, on_event: OnEvent | None = None
    ) -> Upscaler:
        """Returns the requested model, or one that is fast enough for the video.

        Args:
            options: the job's.
            source: the video; None for one of unknown length.
            on_event: takes a note where the choice is not the usual model.
        """
        chosen = self.for_pictures(options)
        # Those who ask for a blend do not look for speed first.
        asked = (options.model, options.detail, options.denoise)
        is_chosen = any(choice is not None for choice in asked)
        if is_chosen or chosen.engine.device != "cpu" or not _is_long(source):
            return chosen
        if on_event is not None:
            on_event(
                Event(
                    note=f"uses '{FOR_VIDEOS}' for speed; the model 'fast-photo' cleans compressed videos as "
                    f"fast, '{DEFAULT_MODEL}' is sharper"
                )
            )
        return self.open(FOR_VIDEOS, halo=options.halo, consistent=options.consistent)

    def for_job(self, job: Job, on_event: OnEvent | None = None) -> Upscaler:
        """Returns the model for a job."""
        if job.is_video and isinstance(job.source, Path):
            return self.for_video(job.options, job.source, on_event)
        return self.for_pictures(job.options)

    def sibling(self, options: JobOptions) -> Upscaler:
        """Returns the fidelity sibling of a job's model, which shows only what the picture supports.

        Raises:
            UsageError: if the model has none.
        """
        from srgan.networks.blend import find_sibling

        model = options.model or DEFAULT_MODEL
        sibling = find_sibling(model, "fidelity")
        if options.denoise is None:
            return self.open(sibling)
        return self.open(model, detail=0.0, denoise=options.denoise)  # noise that stays is not invented


def _is_long(source: Path | None) -> bool:
    from srgan.video.reading.reader import seconds_of

    seconds = None if source is None else seconds_of(source)
    return seconds is None or seconds > _LONG
