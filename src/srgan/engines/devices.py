"""Whether there seems to be a GPU: by files of its driver, for asking PyTorch takes a second."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path


def gpu_in_sight(root: Path = Path("/")) -> bool:
    """Whether this computer seems to have a GPU that PyTorch can compute on; it need not be usable.

    NVIDIA's on Linux, in WSL and on Windows, and Apple's; not if ``CUDA_VISIBLE_DEVICES`` hides all.

    Args:
        root: where ``dev``, ``proc`` and ``usr`` are.
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
