"""Every error a user can cause or meet; each message is one line: what, where, what to do."""


class SrganError(Exception):
    """Something failed in a way the user can act on."""


class UsageError(SrganError):
    """The request itself is wrong: an option, a name or a combination (exit code 2)."""


class ImageError(SrganError):
    """A picture cannot be read or written."""


class VideoError(SrganError):
    """A video cannot be read or written."""


class ModelError(SrganError):
    """A model is unknown, damaged, or of another kind than was asked for."""


class DataError(SrganError):
    """A folder of pictures cannot serve as it is."""


class RunError(SrganError):
    """A training run cannot start, or cannot go on."""


class MissingExtraError(SrganError):
    """An optional part of the package is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: run  pip install '.[{extra}]'  in the checkout")
