import os

import pytest

from srgan.upscaling import memory
from srgan.upscaling.memory import FASTEST_TILE, SMALLEST_TILE, auto_tile, free_memory

MIB = 1024**2


def test_the_tile_takes_at_most_a_quarter_of_the_free_memory():
    for free in (20 * MIB, 100 * MIB, 700 * MIB):
        tile = auto_tile(4096, free)
        assert tile % 16 == 0
        assert tile * tile * 4096 <= free / 4 < (tile + 16) ** 2 * 4096


def test_the_tile_stays_within_bounds():
    assert auto_tile(4096, 0) == SMALLEST_TILE
    assert auto_tile(4096, 10**15) == FASTEST_TILE


def system(root, available=None, limit=None, used=None):
    files = {
        "proc/meminfo": available and f"MemTotal: 99999 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n",
        "sys/fs/cgroup/memory.max": limit,
        "sys/fs/cgroup/memory.current": used,
    }
    for name, text in files.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return root


@pytest.mark.skipif(os.name == "nt", reason="Windows asks its own function")
@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({"available": 5000}, 5000 * 1024),
        ({"available": 5000, "limit": "max\n", "used": "7\n"}, 5000 * 1024),
        ({"available": 5000, "limit": "100000\n", "used": "40000\n"}, 60000),
        ({"available": 5000, "limit": "90000000\n", "used": "40000\n"}, 5000 * 1024),
        ({"available": 5000, "limit": "100\n", "used": "400\n"}, 0),
    ],
)
def test_free_memory_is_the_systems_or_the_containers(tmp_path, files, free):
    assert free_memory(system(tmp_path, **files)) == free


@pytest.mark.skipif(os.name == "nt", reason="Windows asks its own function")
def test_a_system_without_meminfo_offers_half_of_its_memory(tmp_path, monkeypatch):
    pages = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(memory.os, "sysconf", pages.__getitem__)
    assert free_memory(tmp_path) == 1000 * 4096 // 2


def test_this_system_says_something_sensible():
    assert 16 * MIB < free_memory() < 2**50
