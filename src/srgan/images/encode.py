"""Feeds rows of pixels to libvips, which encodes them as they come, so that no whole picture is held."""

from __future__ import annotations

import errno
import io
import os
import re
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import OutputError
from srgan.events import Cancel, check
from srgan.images.vips import import_vips

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_BETWEEN_CHECKS = 0.05  # seconds


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _png_stream(
    rows: Iterable[NDArray[Any]], size: tuple[int, int], channels: int, exif: bytes | None
) -> Iterator[bytes]:
    """Yields an uncompressed PNG, the one format with 16 bits and EXIF that libvips reads as a stream."""
    width, height = size
    compressor = zlib.compressobj(level=0)
    done = 0
    for band in rows:
        if band.shape[1:] != (width, channels) or done + band.shape[0] > height:
            raise ValueError(f"rows of shape {band.shape} at row {done} do not fit {width}x{height}")
        samples = np.ascontiguousarray(band, band.dtype.newbyteorder(">")).view(np.uint8)
        if done == 0:
            depth, colour = 8 * band.dtype.itemsize, _COLOUR_TYPES[channels]
            header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
            yield b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
            if exif is not None:
                yield _chunk(b"eXIf", exif)
        flat = samples.reshape(band.shape[0], -1)
        unfiltered = np.zeros((flat.shape[0], 1 + flat.shape[1]), np.uint8)
        unfiltered[:, 1:] = flat
        yield _chunk(b"IDAT", compressor.compress(unfiltered.data))
        done += band.shape[0]
    if done != height:
        raise ValueError(f"got {done} rows for {width}x{height}")
    yield _chunk(b"IDAT", compressor.flush()) + _chunk(b"IEND", b"")


def write_all(file: IO[bytes], data: bytes | memoryview) -> None:
    """Writes everything, even to a file object that takes it in pieces."""
    view = memoryview(data)
    while view:
        written = file.write(view)
        view = view[len(view) if written is None else written :]


@contextmanager
def explained_saving(name: str | Path) -> Iterator[None]:
    """Turns libvips's report on a file that it cannot write into an ``OutputError`` of one line."""
    pyvips = import_vips()

    try:
        yield
    except pyvips.Error as error:
        # libvips reports every level; if the system refused, that is the cause.
        refusal = re.search(r"system error: (.+)", str(error))
        reason = refusal[1] if refusal else "; ".join(str(error).split("\n")).strip("; ")
        if reason == os.strerror(errno.ENOSPC):
            reason = "the disk is full"
        raise OutputError(f"{name}: cannot be written ({reason})") from error


def _stop_when(stopped: threading.Event, image: Any) -> None:
    """Makes libvips stop working on an image, WebP's encoding too, once the event is set."""
    pyvips = import_vips()

    def on_eval(image: Any, progress: Any) -> None:
        if stopped.is_set():
            image.set_kill(True)
            # The image that is being saved is libvips's own copy.
            pyvips.vips_lib.vips_image_set_kill(progress.im, 1)

    image.set_progress(True)
    image.signal_connect("eval", on_eval)


def encode(
    rows: Iterable[NDArray[Any]],
    save: Callable[[Any], None],
    *,
    size: tuple[int, int],
    channels: int,
    exif: bytes | None = None,
    cancel: Cancel | None = None,
    stopped: threading.Event | None = None,
) -> None:
    """Hands rows of pixels to ``save`` as a sequential ``pyvips.Image``.

    ``rows`` is consumed in the calling thread, ``save`` runs in another: Ctrl-C and every error of the
    iterator arrive where the caller expects them, and encoding overlaps with making the next rows.

    Args:
        rows: arrays (n, width, channels) from top to bottom, all uint8 or all uint16.
        save: encodes the image it is given. Its own exception is raised here.
        size: (width, height).
        channels: 1, 3 or 4.
        exif: from its byte-order mark on.
        cancel: asked before each band, and while ``save`` works.
        stopped: set when ``save`` is to end early, for one that libvips cannot end.

    Raises:
        CancelledError: if ``cancel`` says so; ``save`` has ended by then.
        ValueError: if the rows do not make up ``size``.
    """
    pyvips = import_vips()

    read_end, write_end = os.pipe()
    pipe = io.FileIO(write_end, "w")
    failures: list[BaseException] = []
    stopped = stopped or threading.Event()

    def consume() -> None:
        try:
            source = pyvips.SourceCustom()
            source.on_read(lambda length: os.read(read_end, length))
            image = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="error")
            _stop_when(stopped, image)
            save(image)
        except BaseException as failure:  # of any kind: what is written so far is not the picture
            failures.append(failure)
        finally:
            # Ends the writing below, should rows still be coming.
            os.close(read_end)

    encoder = threading.Thread(target=consume, name="encoder", daemon=True)
    try:
        encoder.start()
        for piece in _png_stream(rows, size, channels, exif):
            check(cancel)
            try:
                write_all(pipe, piece)
            except OSError:
                break  # the encoder has stopped: it failed, or needs no more
        pipe.close()
        while encoder.is_alive():
            check(cancel)
            encoder.join(_BETWEEN_CHECKS)
    finally:
        stopped.set()
        pipe.close()
        if encoder.ident is not None:  # it runs, even if Ctrl-C came while it was being started
            encoder.join()
    if failures:
        raise failures[0]
