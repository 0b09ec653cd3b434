"""The processor: its cores, and settings that make PyTorch fast on them; standard library only."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def prepare_for_torch() -> None:
    """Sets up threads and memory of a process that is PyTorch's alone; call it before importing PyTorch.

    Threads stay on their cores: libgomp's spinning otherwise makes convolutions several times slower on
    some machines. glibc keeps freed memory: it otherwise returns every large tensor to the system and
    faults its pages in again at the next step, a fifth of a training step's time.
    """
    os.environ.setdefault("OMP_PROC_BIND", "true")
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # absent outside glibc
        if mallopt is not None:
            mallopt(_M_MMAP_MAX, 0)
            mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
            mallopt(_M_TOP_PAD, 256 * 2**20)


def avoid_spinning() -> None:
    """Lets PyTorch's threads sleep while they wait, in another program's process; call it before the import.

    Bound to cores they would be as fast, but the thread that imports PyTorch, and all threads that it starts,
    would be bound too, to a single core.
    """
    if "OMP_PROC_BIND" not in os.environ and "torch" not in sys.modules:
        os.environ.setdefault("GOMP_SPINCOUNT", "0")


_EXACT = ("avx512_vnni", "avx_vnni", "amx_int8")
"""Linux's names of the instructions that multiply bytes and sum in 32 bits; AVX2 sums pairs in 16."""


def multiplies_eight_bits(info: Path = Path("/proc/cpuinfo")) -> bool:
    """Returns whether the processor is known to multiply bytes faster than longer numbers.

    Args:
        info: where Linux describes it; on other systems it is not known.
    """
    return not _flags(info).isdisjoint((*_EXACT, "avx2"))


def sums_eight_bits_exactly(info: Path = Path("/proc/cpuinfo")) -> bool:
    """Returns whether sums of products of bytes are known to be exact, whatever the bytes are."""
    return not _flags(info).isdisjoint(_EXACT)


@cache
def _flags(info: Path) -> frozenset[str]:
    """Returns Linux's names of what the processor can do; none if they cannot be read."""
    try:
        text = info.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return frozenset(flags.split())


def cores() -> int:
    """Returns the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
