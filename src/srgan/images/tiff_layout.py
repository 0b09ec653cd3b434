"""What a TIFF's tags say of its samples, and which files of that form are not for us."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from srgan.errors import ImageError
from srgan.images.checks import DamageError
from srgan.images.tiff_directory import Header

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
ASSOCIATED, UNASSOCIATED = 1, 2
"""Alpha that the colours are multiplied by, and plain alpha, as TIFF's ExtraSamples has them."""

PHOTOMETRIC, EXTRA_SAMPLES = 262, 338
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _SAMPLES, _PLANAR = 254, 256, 257, 258, 277, 284
_TILE_WIDTH, _FORMAT, _SUB_DIRECTORIES, _DNG = 322, 339, 330, 50706
_SENSOR = {32803, 34892}  # colour filter array, linear raw
_REDUCED, _MASK = 1, 4  # of a file's other purposes (NewSubfileType)
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3, ICC_LAB: 3}

RAW_ADVICE = "is a camera's raw file; develop it first, for example with darktable, and take the TIFF or JPEG"


@dataclass(frozen=True, kw_only=True)
class TiffLayout:
    """How one page of a TIFF holds its samples.

    Attributes:
        header: how the file writes its directories.
        directory: position of the page's.
        page: its number, from 0; the first that is not a reduced copy or a mask.
        pages: how many such pages there are.
        size: (width, height).
        photometric: what the colours are, as TIFF's PhotometricInterpretation has it.
        bits: of each sample.
        is_unsigned: whether samples are whole numbers from 0.
        samples: how many a pixel has.
        extra: what those beyond the colours mean; 0 where nothing is said.
        is_planar: whether each sample has a plane of its own.
        is_tiled: tiles instead of strips.
    """

    header: Header
    directory: int
    page: int
    pages: int
    size: tuple[int, int]
    photometric: int
    bits: tuple[int, ...]
    is_unsigned: bool
    samples: int
    extra: tuple[int, ...]
    is_planar: bool
    is_tiled: bool

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
        beyond = max(0, min(samples, 64) - _COLOURS.get(photometric, samples))
        return cls(
            header=header,
            directory=directory,
            page=page,
            pages=len(pages),
            size=(one(_WIDTH, 0), one(_HEIGHT, 0)),
            photometric=photometric,
            bits=header.values(file, directory, _BITS) or (1,),
            is_unsigned={*header.values(file, directory, _FORMAT)} <= {1, 4},
            samples=samples,
            extra=(header.values(file, directory, EXTRA_SAMPLES) + (0,) * beyond)[:beyond],
            is_planar=samples > 1 and one(_PLANAR, 1) == 2,
            is_tiled=bool(header.values(file, directory, _TILE_WIDTH)),
        )

    @property
    def colours(self) -> int:
        """How many samples of a pixel are its colours."""
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
    def is_plain(self) -> bool:
        """Whether Pillow reads such samples, all of them and right."""
        if not self.is_unsigned or len({*self.bits}) > 1 or (self.header.is_big and self.header.order == ">"):
            return False
        bits = self.bits[0]
        if self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, PALETTE) and self.samples == 1:
            return bits in (1, 2, 4, 8) or (bits == 16 and self.photometric == BLACK_IS_ZERO)
        if bits != 8:
            return False
        if self.photometric == RGB and self.samples in (3, 4):
            return not self.extra or (not self.is_planar and self.alpha is not None)
        is_interleaved_lab = self.photometric == LAB and not self.is_planar
        return not self.extra and (self.photometric in (CMYK, YCBCR) or is_interleaved_lab)

    def check(self, name: str | Path) -> None:
        """Refuses samples that would not be read right.

        Raises:
            ImageError: saying what they are, and what to do.
        """
        bits = "/".join(map(str, sorted({*self.bits})))
        advice = "save it with 8 or 16 bits"
        if self.photometric not in _COLOURS or self.samples < _COLOURS[self.photometric]:
            raise ImageError(f"{name}: has a colour format that cannot be read; save it as RGB")
        if not self.is_unsigned:
            raise ImageError(f"{name}: has {bits}-bit samples that are signed or floating-point; {advice}")
        if not self.is_plain and ({*self.bits} not in ({8}, {16}) or self.photometric in (PALETTE, YCBCR)):
            raise ImageError(f"{name}: has {self.samples} samples of {bits} bits a pixel; {advice}")
        if not self.is_plain and self.is_planar and self.is_tiled:
            raise ImageError(f"{name}: has its colours in separate tiles; save it with interleaved colours")


def _is_raw(file: IO[bytes], header: Header, directories: list[int]) -> bool:
    file.seek(8)
    if file.read(2) == b"CR" or header.values(file, header.directory, _DNG):
        return True
    return any(
        not {*header.values(file, directory, PHOTOMETRIC)}.isdisjoint(_SENSOR)
        for directory in _with_their_own(file, header, directories)
    )


def _with_their_own(file: IO[bytes], header: Header, directories: list[int]) -> Iterator[int]:
    """The directories, and those within them."""
    for directory in directories:
        yield directory
        yield from header.values(file, directory, _SUB_DIRECTORIES)
