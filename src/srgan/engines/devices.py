"""Looks for a GPU, by its driver's files: asking PyTorch takes a second."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path


def gpu_in_sight(root: Path = Path("/")) -> bool:
    """Returns whether this computer seems to have a GPU that PyTorch supports. It may still not work.

    Finds NVIDIA GPUs on Linux, WSL and Windows, and Apple's; none if ``CUDA_VISIBLE_DEVICES`` hides them all.

    Args:
        root: folder that holds ``dev``, ``proc`` and ``usr``.
    """
    system = platform.system()
    if system == "Darwin":
        return platform.machine() == "arm64"
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    if system == "Windows":
        return shutil.which("nvcuda.dll") is not None or shutil.which("nvidia-smi") is not None
    in_wsl = (root / "dev/dxg").exists() and any(root.glob("usr/lib/wsl/lib/libcuda.so*"))
    has_driver = any(root.glob("dev/nvidia*")) or (root / "proc/driver/nvidia/version").exists()
    return has_driver or in_wsl
