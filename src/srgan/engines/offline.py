"""Keeps OpenVINO from calling home."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Refusal:
    """Refuses to import OpenVINO's converter in threads that ask for that, and in no other."""

    def __init__(self) -> None:
        self.asked = threading.local()

    def find_spec(self, fullname: str, *_: object) -> None:
        """Leaves every module to the finders after this one, but for the converter."""
        if fullname == "openvino.tools.ovc" and getattr(self.asked, "here", False):
            raise ModuleNotFoundError(f"{fullname} is not imported, to stay offline", name=fullname)


_refusal = _Refusal()
# For good, and first: taken away it could make imports fail that other threads are at just then.
sys.meta_path.insert(0, _refusal)


@contextmanager
def without_converter() -> Iterator[None]:
    """What this thread imports here comes without OpenVINO's converter, which reports its import.

    OpenVINO takes that for a part that was not installed. Other threads, which may import OpenVINO at the
    same time for themselves, get what they want.
    """
    _refusal.asked.here = True
    try:
        yield
    finally:
        _refusal.asked.here = False
