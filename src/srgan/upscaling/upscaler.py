"""A network, an engine and tiles: pictures in, larger pictures out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.engines.choice import open_engine
from srgan.engines.loading import load_any_network
from srgan.engines.protocol import Device, Engine, EngineName, Precision
from srgan.errors import UsageError
from srgan.events import Cancel, OnEvent, in_thread
from srgan.networks import DEFAULT_MODEL
from srgan.networks.onnx import OnnxForm
from srgan.upscaling.consistency import check_scale
from srgan.upscaling.forms import PictureLike, given, rgb_of
from srgan.upscaling.in_memory import enlarge
from srgan.upscaling.options import check_options, check_size
from srgan.upscaling.tiled import Result, Tile, TiledNetwork

if TYPE_CHECKING:
    from srgan.export.check import Exported, ExportPrecision

_Sample = TypeVar("_Sample", bound=np.generic)


class Upscaler:
    """Upscales pictures. Thread-safe; a pickled one opens again; as a context manager, it closes at the end.

    Args:
        model: name of a shipped model, or path of a file: srgan's own ``.safetensors``, or another
            program's file, see :func:`~srgan.networks.foreign.read_foreign` and
            :mod:`srgan.engines.onnx_loading`.
        engine: ``"auto"``, ``"openvino"`` or ``"torch"``.
        precision: ``"auto"``, ``"fp32"``, ``"bf16"``, ``"fp16"`` or ``"int8"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        tile: a tile has at most ``tile * tile`` pixels of the picture; ``"auto"`` follows the free memory,
            ``"off"`` takes the picture as a whole. With the exact halo the result does not depend on it.
            A network of a fixed size has tiles of that size.
        threads: processor threads; None means all.
        detail: from 0, what the model's fidelity sibling shows, to 1, what the model does; None is the model
            as it is. Costs no time per picture.
        denoise: how much noise, grain and compression to remove: from 0, what the model's grain sibling
            does, which keeps it all, to 1 or None, what the model does. Costs no time per picture.
        halo: low-res pixels of surroundings that a tile has at each side; None is the network's own number.
        onnx: what an ``.onnx`` file takes and gives, if it is known or cannot be detected; None detects it.
        consistent: whether to correct results so that downscaling them gives their input back, see
            :func:`~srgan.upscaling.consistency.consistent_bands`.

    Raises:
        ModelError: if the model is unknown or damaged.
        UsageError: if an option has a wrong value, the options do not go together, or ``detail`` or
            ``denoise`` is given for a model without such a sibling.
        MissingExtraError: if an engine is asked for that is not installed.

    Attributes:
        card: the model's :class:`~srgan.networks.card.ModelCard`.
        info: the network's :class:`~srgan.networks.info.NetworkInfo`.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        device: Device = "auto",
        tile: Tile = "auto",
        threads: int | None = None,
        detail: float | None = None,
        denoise: float | None = None,
        halo: int | None = None,
        onnx: OnnxForm | None = None,
        consistent: bool = False,
    ) -> None:
        check_options(tile=tile, threads=threads, detail=detail, denoise=denoise, halo=halo)
        how: dict[str, Any] = {"engine": engine, "precision": precision, "device": device, "threads": threads}
        blend: dict[str, Any] = {"detail": detail, "denoise": denoise}
        self._source = (model, detail, denoise)
        self._remake = partial(
            type(self), model, tile=tile, halo=halo, onnx=onnx, consistent=consistent, **blend, **how
        )
        network = load_any_network(model, detail, denoise, onnx)
        self.card = network.card
        self.info = network.info if halo is None else replace(network.info, halo=halo, border=None)
        check_size(self.info)
        if consistent:
            check_scale(self.info.scale)
        self._engine: Engine | None = open_engine(network, **how)
        self._tile: Tile = tile
        self._consistent = consistent

    def __reduce__(self) -> tuple[Callable[[], Any], tuple[()]]:
        return self._remake, ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees memory; the upscaler cannot be used afterwards. Closing it twice does no harm."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.release()

    @property
    def engine(self) -> Engine:
        """The :class:`~srgan.engines.protocol.Engine` that was chosen.

        Raises:
            UsageError: if the upscaler is closed.
        """
        if self._engine is None:
            raise UsageError("this Upscaler is closed; make another one")
        return self._engine

    @property
    def scale(self) -> int:
        """Enlargement per side."""
        return self.info.scale

    @overload
    def upscale(
        self, image: Image.Image, *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> Image.Image: ...
    @overload
    def upscale(
        self, image: NDArray[_Sample], *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> NDArray[_Sample]: ...
    @overload
    def upscale(
        self, image: Sequence[Any], *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> NDArray[Any]: ...
    def upscale(
        self, image: PictureLike, *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> Any:
        """Upscales a picture in memory, or several of one size.

        Args:
            image: an array (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGB and alpha (straight, 0 transparent);
                (N, H, W, 3) or (N, H, W, 4), which gives what its pictures give one by one; uint8, uint16, or
                float32 or float64 in [0, 1]. Or nested lists of such numbers, of which whole ones are bytes.
                Or a PIL image: palettes become colours, 1 bit becomes 8, CMYK and Lab become sRGB, 16-bit
                grey stays so. It is not turned as its EXIF asks, but keeps its EXIF, resolution and profile.
            on_event: takes an event after every tile, in the thread that computes.
            cancel: asked before every tile.

        Returns:
            An array (sH, sW), (sH, sW, 3), ..., where s is the scale, of the same type (float64 is computed
            in float32; lists give uint8 or float64); or a PIL image of the mode L, LA, RGB, RGBA or I;16. A
            picture whose channels are equal stays so. Alpha is upscaled as a grey picture.

        Raises:
            UsageError: if it is no such picture.
            ImageError: if a PIL image cannot be decoded, or has samples of 32 bits.
            OutOfMemoryError: if memory runs out even with the smallest tile.
            CancelledError: if ``cancel`` says so.
        """
        taken = given(image)
        return taken.finish(enlarge(self._network, taken.samples, on_event=on_event, cancel=cancel))

    @overload
    async def aupscale(
        self, image: Image.Image, *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> Image.Image: ...
    @overload
    async def aupscale(
        self, image: NDArray[_Sample], *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> NDArray[_Sample]: ...
    @overload
    async def aupscale(
        self, image: Sequence[Any], *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> NDArray[Any]: ...
    async def aupscale(
        self, image: PictureLike, *, on_event: OnEvent | None = None, cancel: Cancel | None = None
    ) -> Any:
        """Runs :meth:`upscale` in a thread, to keep the event loop running; cancelling the task stops it."""
        upscale: Callable[..., Any] = self.upscale
        return await in_thread(partial(upscale, image, on_event=on_event), cancel)

    @overload
    def frames(
        self, images: Iterable[Image.Image], *, cancel: Cancel | None = None
    ) -> Iterator[Image.Image]: ...
    @overload
    def frames(
        self, images: Iterable[NDArray[_Sample]], *, cancel: Cancel | None = None
    ) -> Iterator[NDArray[_Sample]]: ...
    def frames(self, images: Iterable[Any], *, cancel: Cancel | None = None) -> Iterator[Any]:
        """Upscales successive pictures; one that equals the one before is not computed again.

        Where a picture differs from the one before in some places only, these and what they affect are
        computed and the rest is kept, see :class:`~srgan.upscaling.changes.ChangedParts`.

        Args:
            images: single pictures as :meth:`upscale` takes them; taken one at a time.
            cancel: asked before every tile.

        Yields:
            The result of each picture, bit-equal to that of :meth:`upscale`. Where a picture equals
            the one before, it is the same array again: do not change it.

        Raises:
            SrganError: as :meth:`upscale` does.
        """
        compute = self._network.changed_parts()
        before: NDArray[Any] | None = None
        enlarged: NDArray[Any] | None = None
        for image in images:
            taken = given(image)
            if taken.samples.ndim == 4:
                raise UsageError("frames must be single pictures, not batches", field="images")
            if enlarged is None or before is None or not _same(taken.samples, before):
                enlarged = enlarge(self._network, taken.samples, compute=compute, cancel=cancel)
                before = taken.samples.copy()  # a camera may fill the same array again
            yield taken.finish(enlarged)

    def stream(
        self,
        pixels: NDArray[Any],
        sink: Callable[[Iterator[NDArray[Any]]], Result],
        *,
        on_event: OnEvent | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Upscales one picture, handing out rows as they are finished, so that memory stays flat.

        Args:
            pixels: (H, W, 3) RGB or (H, W) grey; uint8, uint16, or float32 in [0, 1].
            sink: takes an iterator of bands (rows, sW, 3), from top to bottom, of the picture's type, and
                writes or collects them. Called again, with all bands from the top, if memory ran out and
                the tiles had to become smaller; it must let through what the iterator raises, and must not
                keep anything of a call that failed.
            on_event: takes an event after every tile; the count starts anew with the sink.
            cancel: asked before every tile.

        Returns:
            What ``sink`` returns.

        Raises:
            UsageError: if the array is no such picture.
            OutOfMemoryError: if memory runs out even with the smallest tile.
            CancelledError: if ``cancel`` says so.
        """
        return self._network.stream(rgb_of(pixels), sink, on_event=on_event, cancel=cancel)

    def to_onnx(
        self, path: str | Path, *, precision: ExportPrecision = "fp32", picture_io: bool = False
    ) -> Exported:
        """Writes the network as an ONNX file for other programs, and checks it in ONNX Runtime.

        The file takes any number of pictures of any size, ``picture``, and gives ``result``; RGB, clipped. It
        adds nothing around pictures: its metadata say what it should see there, and hold the card, see
        :func:`~srgan.export.facts.facts`.

        Args:
            path: replaced if it exists.
            precision: number format of the parameters: ``"fp32"``, or ``"fp16"``, which halves the file.
            picture_io: uint8 (N, H, W, 3) in and out, instead of float32 (N, 3, H, W) in [0, 1].

        Returns:
            What was written, and how far it is from srgan's own result.

        Raises:
            MissingExtraError: if the packages that write and run such files are not installed.
            ModelError: if the model's file is gone, or the ONNX file's results differ from srgan's own.
            OutputError: if it cannot be written.
        """
        from srgan.export.facts import open_network
        from srgan.export.onnx_file import write_onnx

        network = replace(open_network(*self._source), info=self.info)
        return write_onnx(network, Path(path), precision=precision, picture_io=picture_io)

    @property
    def _network(self) -> TiledNetwork:
        return TiledNetwork(engine=self.engine, info=self.info, tile=self._tile, consistent=self._consistent)


def _same(image: NDArray[Any], before: NDArray[Any]) -> bool:
    return image.dtype == before.dtype and np.array_equal(image, before)
