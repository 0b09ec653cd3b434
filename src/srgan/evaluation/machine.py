"""What a report was made with, so that two can be told apart."""

from __future__ import annotations

import platform
from importlib.metadata import version

from srgan.cpu import cores
from srgan.engines.openvino import import_openvino


def describe_machine() -> dict[str, str | int]:
    """Returns ``{"processor", "threads", "system", "python", "openvino"}``, for reports."""
    openvino = import_openvino()
    return {
        "processor": openvino.Core().get_property("CPU", "FULL_DEVICE_NAME").strip(),
        "threads": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "openvino": version("openvino"),
    }
