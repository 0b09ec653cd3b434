"""Every error a user can cause or meet; each message is one line: what, where, what to do."""

from __future__ import annotations

import unicodedata
from typing import ClassVar


class SrganError(Exception):
    """Something failed in a way the user can act on.

    Args:
        message: one sentence. It names no command-line option: the command line adds that. It may quote a
            file, see :func:`shown`.
        field: the option or request field that it is about, by its name in Python; None if there is none.

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
    """A model is unknown, damaged, or not of the kind that was asked for."""

    code = "model"


class DataError(SrganError):
    """A folder of pictures cannot be used as it is."""

    code = "data"


class RunError(SrganError):
    """A training run cannot start or continue."""

    code = "run"


class OutputError(SrganError):
    """A file or a folder cannot be written."""

    code = "output"


class InUseError(SrganError):
    """Another process is working in the folder."""

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


_BREAKING = ("Cc", "Cs", "Zl", "Zp")  # control characters, surrogates, line and paragraph separators
# Unicode's property Bidi_Control: these reverse the order of letters, so that one name looks like another.
_TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def shown(text: str) -> str:
    """Escapes what could break a line, a table or a terminal, or hide the meaning, in a name or a message."""
    return "".join(repr(one)[1:-1] if _is_harmful(one) else one for one in text)


def _is_harmful(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in _BREAKING
