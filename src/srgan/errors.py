"""Every error a user can cause or meet; each message is one line: what, where, what to do."""

from __future__ import annotations

import unicodedata
from typing import ClassVar


class SrganError(Exception):
    """Something failed in a way the user can act on.

    Args:
        message: one sentence. It names no option of the command line: that is for the command line to add.
            What a file says may be in it, see :func:`shown`.
        field: the option or field of the request that it is about, under its name in Python; None if none.

    Attributes:
        code: a short word for the kind of error, the same in every version.
        field: as above.
    """

    code: ClassVar[str] = "failed"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(shown(message))
        self.field = field


class UsageError(SrganError):
    """The request itself is wrong: an option, a name or a combination (exit code 2)."""

    code = "usage"


class ImageError(SrganError):
    """A picture cannot be read or written."""

    code = "image"


class VideoError(SrganError):
    """A video cannot be read or written."""

    code = "video"


class ModelError(SrganError):
    """A model is unknown, damaged, or of another kind than was asked for."""

    code = "model"


class DataError(SrganError):
    """A folder of pictures cannot serve as it is."""

    code = "data"


class RunError(SrganError):
    """A training run cannot start, or cannot go on."""

    code = "run"


class OutputError(SrganError):
    """A file or a folder cannot be written."""

    code = "output"


class InUseError(SrganError):
    """Another process is at work in the folder."""

    code = "in_use"


class OutOfMemoryError(SrganError):
    """There is not enough memory, even for the smallest piece of the work."""

    code = "memory"


class CancelledError(SrganError):
    """The work was told to stop, and did."""

    code = "cancelled"


class MissingExtraError(SrganError):
    """An optional part of the package is not installed."""

    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: run  pip install '.[{extra}]'  in the checkout")


_BREAKING = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of letters, ends of lines and paragraphs
# Unicode's property Bidi_Control: these turn the order of letters round, so that one name looks like another.
_TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def shown(text: str) -> str:
    """Escapes in a name or a message what could break a line, a table or a terminal, or hide what it says."""
    return "".join(repr(one)[1:-1] if _is_harmful(one) else one for one in text)


def _is_harmful(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in _BREAKING
