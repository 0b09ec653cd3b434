"""Reads what a TIFF's tags say about its samples, and refuses TIFFs that srgan cannot read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from srgan.errors import ImageError
from srgan.images.checks import DamageError, check_length
from srgan.images.tiff_directory import Header

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
ASSOCIATED, UNASSOCIATED = 1, 2
"""Alpha that the colours are multiplied by, and plain alpha, as TIFF's ExtraSamples has them."""

PHOTOMETRIC, EXTRA_SAMPLES = 262, 338
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _PLANAR = 254, 256, 257, 258, 259, 277, 284
_TILE_WIDTH, _TILE_HEIGHT, _FORMAT, _SUB_DIRECTORIES, _DNG = 322, 323, 339, 330, 50706
_SENSOR = {32803, 34892}  # colour filter array, linear raw
_REDUCED, _MASK = 1, 4  # what other pages are for (NewSubfileType)


class _Kind(NamedTuple):
    samples: int
    bits: tuple[int, ...]


_KINDS = {  # by PhotometricInterpretation: how many samples are colours, and the bits that we read
    WHITE_IS_ZERO: _Kind(1, (1, 2, 4, 8, 16, 32)),
    BLACK_IS_ZERO: _Kind(1, (1, 2, 4, 8, 16, 32)),
    RGB: _Kind(3, (8, 16, 32)),
    PALETTE: _Kind(1, (1, 2, 4, 8)),
    CMYK: _Kind(4, (8, 16)),
    YCBCR: _Kind(3, (8,)),
    LAB: _Kind(3, (8, 16)),
    ICC_LAB: _Kind(3, (8, 16)),
}

_UNSIGNED, _FLOAT, _UNKNOWN = 1, 3, 4  # what numbers samples are
_JPEG = 7
# The compressions that libvips decodes, as its libtiff is built, and how many bytes one byte can become; None
# for no limit. LZW: strings of 4096 bytes in codes of 12 bits.
_COMPRESSIONS = {1: 1, 2: None, 3: None, 4: None, 5: 2731, _JPEG: None, 8: 1032, 32773: 64, 32946: 1032}
_MOST_OF_A_TILE = 2**22  # pixels, in pictures that are smaller than that

RAW_ADVICE = "is a camera's raw file; develop it first, for example with darktable, and take the TIFF or JPEG"


@dataclass(frozen=True, kw_only=True)
class TiffLayout:
    """How one page of a TIFF holds its samples.

    Attributes:
        header: how the file writes its directories.
        directory: position of the page's directory.
        page: its number, from 0; the first that is not a reduced copy or a mask.
        pages: number of such pages.
        size: (width, height).
        photometric: colour space, by TIFF's PhotometricInterpretation.
        bits: bits of each sample.
        number: number format of each, by TIFF's SampleFormat; 0 where samples differ.
        samples: samples per pixel.
        extra: meaning of those beyond the colours; 0 if none is stated.
        is_planar: whether each sample has a plane of its own.
        compression: by TIFF's number.
        tile: (width, height) of tiles; None for strips.
    """

    header: Header
    directory: int
    page: int
    pages: int
    size: tuple[int, int]
    photometric: int
    bits: tuple[int, ...]
    number: int
    samples: int
    extra: tuple[int, ...]
    is_planar: bool
    compression: int
    tile: tuple[int, int] | None

    @classmethod
    def read(cls, name: str | Path, file: IO[bytes]) -> TiffLayout:
        """Reads the directories, not the samples.

        Raises:
            ImageError: if it is a camera's raw file.
            DamageError, struct.error: if the file is cut short.
        """
        header = Header.read(file)
        directories = list(header.directories(file))
        if _is_raw(file, header, directories):
            raise ImageError(f"{name}: {RAW_ADVICE}")
        pages = [
            (number, directory)
            for number, directory in enumerate(directories)
            if not (*header.values(file, directory, _SUBFILE), 0)[0] & (_REDUCED | _MASK)
        ] or [(0, header.directory)]
        page, directory = pages[0]

        def one(tag: int, default: int) -> int:
            return (*header.values(file, directory, tag), default)[0]

        if not header.entries(file, directory):
            raise DamageError("its directory of tags is missing")
        photometric = one(PHOTOMETRIC, BLACK_IS_ZERO)
        samples = one(_SAMPLES, 1)
        numbers = {*header.values(file, directory, _FORMAT)} or {_UNSIGNED}
        beyond = max(
            0, min(samples, 64) - (_KINDS[photometric].samples if photometric in _KINDS else samples)
        )
        return cls(
            header=header,
            directory=directory,
            page=page,
            pages=len(pages),
            size=(one(_WIDTH, 0), one(_HEIGHT, 0)),
            photometric=photometric,
            bits=header.values(file, directory, _BITS) or (1,),
            number=_UNSIGNED if numbers <= {_UNSIGNED, _UNKNOWN} else min(numbers) * (len(numbers) == 1),
            samples=samples,
            extra=(header.values(file, directory, EXTRA_SAMPLES) + (0,) * beyond)[:beyond],
            is_planar=samples > 1 and one(_PLANAR, 1) == 2,
            compression=one(_COMPRESSION, 1),
            tile=(one(_TILE_WIDTH, 0), one(_TILE_HEIGHT, 0)) if one(_TILE_WIDTH, 0) else None,
        )

    @property
    def colours(self) -> int:
        """Number of a pixel's samples that are colours."""
        return self.samples - len(self.extra)

    @property
    def alpha(self) -> int | None:
        """Which sample of a pixel is its alpha; None if none is."""
        found = (number for number, kind in enumerate(self.extra) if kind in (ASSOCIATED, UNASSOCIATED))
        return next((self.colours + number for number in found), None)

    @property
    def is_associated(self) -> bool:
        """Whether the colours are multiplied by the alpha."""
        return self.alpha is not None and self.extra[self.alpha - self.colours] == ASSOCIATED

    @property
    def is_pillows(self) -> bool:
        """Whether Pillow reads such samples, all of them and right, and libvips does not."""
        return self._is_foreign and self._is_plain

    @property
    def _is_foreign(self) -> bool:
        """Whether libvips does not read samples that are stored like that."""
        is_raw_ycbcr = self.photometric == YCBCR and self.compression != _JPEG
        return self.compression not in _COMPRESSIONS or self._has_separate_tiles or is_raw_ycbcr

    @property
    def _has_separate_tiles(self) -> bool:
        return self.is_planar and self.tile is not None

    @property
    def _is_plain(self) -> bool:
        """Whether Pillow reads such samples."""
        bits, is_foreign = self.bits[0], self.header.is_big and self.header.order == ">"
        if self.number != _UNSIGNED or is_foreign or self.photometric == ICC_LAB:
            return False
        if self.samples == 1:
            return bits in (1, 2, 4, 8) or (bits == 16 and self.photometric == BLACK_IS_ZERO)
        if self.photometric == RGB and self.samples == 4:
            return bits == 8 and not self.is_planar and self.alpha is not None
        return bits == 8 and not self.extra and not (self.photometric == LAB and self.is_planar)

    @property
    def _is_known(self) -> bool:
        """Whether samples are such numbers as libvips or Pillow read."""
        bits = self.bits[0]
        if len({*self.bits}) > 1 or (self.extra and (bits < 8 or self.photometric in (PALETTE, YCBCR))):
            return False
        if self.number == _FLOAT:
            return bits in (16, 32) and self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB)
        return self.number == _UNSIGNED and bits in _KINDS[self.photometric].bits

    def check(self, name: str | Path, length: int) -> None:
        """Refuses samples that would be read wrong, or that the file cannot hold.

        Args:
            name: the file's name.
            length: the file's length in bytes.

        Raises:
            ImageError: saying what they are, and what to do.
            DamageError: if the file is too short for them, or its tiles too large.
        """
        if self.photometric not in _KINDS or self.samples < _KINDS[self.photometric].samples:
            raise ImageError(f"{name}: has a colour format that cannot be read; save it as RGB")
        if not self._is_known:
            kind = "" if self.number == _UNSIGNED else " that are signed or floating-point"
            bits = "/".join(map(str, sorted({*self.bits})))
            raise ImageError(
                f"{name}: has {self.samples} samples of {bits} bits a pixel{kind}; save it with 8 or 16 bits"
            )
        if self._is_foreign and not self._is_plain:
            if self._has_separate_tiles:
                raise ImageError(
                    f"{name}: has its colours in separate tiles; save it with interleaved colours"
                )
            raise ImageError(f"{name}: is compressed in a way that cannot be read; save it with Deflate")
        pixels = self.size[0] * self.size[1]
        if self.tile is not None and self.tile[0] * self.tile[1] > max(4 * pixels, _MOST_OF_A_TILE):
            raise DamageError("its tiles are larger than the picture")
        growth = _COMPRESSIONS.get(self.compression)
        if growth is not None:
            check_length(length, self.size, 8 * growth / (self.samples * self.bits[0]))


def _is_raw(file: IO[bytes], header: Header, directories: list[int]) -> bool:
    file.seek(8)
    if file.read(2) == b"CR" or header.values(file, header.directory, _DNG):
        return True
    return any(
        not {*header.values(file, directory, PHOTOMETRIC)}.isdisjoint(_SENSOR)
        for directory in _with_their_own(file, header, directories)
    )


def _with_their_own(file: IO[bytes], header: Header, directories: list[int]) -> Iterator[int]:
    """Yields the directories, and those within them."""
    for directory in directories:
        yield directory
        yield from header.values(file, directory, _SUB_DIRECTORIES)
