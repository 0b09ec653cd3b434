"""Keeps OpenVINO from reporting to its makers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Refusal:
    """Refuses to import OpenVINO's converter, but only in threads that ask for it."""

    def __init__(self) -> None:
        self.asked = threading.local()

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuses the converter; leaves every other module to the finders after this one."""
        if fullname == "openvino.tools.ovc" and getattr(self.asked, "here", False):
            raise ModuleNotFoundError(f"{fullname} is not imported, to stay offline", name=fullname)


_refusal = _Refusal()
# First, and never removed: removing it could break imports that other threads are doing just then.
sys.meta_path.insert(0, _refusal)


@contextmanager
def without_converter() -> Iterator[None]:
    """Within this context, this thread imports OpenVINO without its converter, which reports every import.

    OpenVINO treats it as a part that is not installed. Other threads that import OpenVINO at the same time
    still get the converter.
    """
    _refusal.asked.here = True
    try:
        yield
    finally:
        _refusal.asked.here = False
