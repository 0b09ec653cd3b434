"""Free memory: the system's, or what a container's groups leave, on trees of files as Linux has them."""

from types import SimpleNamespace

import pytest

from srgan.upscaling.memory import FASTEST_TILE, SMALLEST_TILE, auto_tile, free_memory

MIB = 1024**2
GIB = 1024**3


def test_the_tile_takes_at_most_a_quarter_of_the_free_memory():
    for free in (20 * MIB, 100 * MIB, 700 * MIB):
        tile = auto_tile(4096, free)
        assert tile % 16 == 0
        assert tile * tile * 4096 <= free / 4 < (tile + 16) ** 2 * 4096


def test_the_tile_stays_within_bounds():
    assert auto_tile(4096, 0) == SMALLEST_TILE
    assert auto_tile(4096, 10**15) == FASTEST_TILE


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system with 32 GiB free, and files that say which groups the process is in and what these allow."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        return tmp_path

    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=32 * GIB))
    return make


def v2(group, limit, used, **statistics):
    text = "\n".join(f"{name} {value}" for name, value in {"anon": 1, **statistics}.items())
    folder = f"sys/fs/cgroup/{group}".rstrip("/")
    return {
        f"{folder}/memory.max": limit,
        f"{folder}/memory.current": used,
        f"{folder}/memory.stat": text,
    }


def v1(group, limit, used, **statistics):
    text = "\n".join(f"{name} {value}" for name, value in {"cache": 1, **statistics}.items())
    folder = f"sys/fs/cgroup/memory/{group}".rstrip("/")
    return {
        f"{folder}/memory.limit_in_bytes": limit,
        f"{folder}/memory.usage_in_bytes": used,
        f"{folder}/memory.stat": text,
    }


def groups(*lines):
    return {"proc/self/cgroup": "\n".join(lines)}


def test_without_groups_it_is_the_systems(system):
    assert free_memory(system({})) == 32 * GIB
    assert free_memory(system(groups("0::/"))) == 32 * GIB


@pytest.mark.parametrize("path", ["/", "/docker/b19bc6f2", "/../../kubepods/pod7"])
def test_a_container_sees_its_own_group_as_the_outermost(system, path):
    files = groups(f"0::{path}") | v2("", 4 * GIB, 1 * GIB)
    assert free_memory(system(files)) == 3 * GIB


def test_no_limit_leaves_what_the_system_has(system):
    assert free_memory(system(groups("0::/a") | v2("a", "max", 7) | v2("", "max", 9))) == 32 * GIB


def test_a_limit_above_what_is_free_changes_nothing(system):
    assert free_memory(system(groups("0::/") | v2("", 64 * GIB, GIB))) == 32 * GIB


def test_more_than_the_limit_leaves_nothing(system):
    assert free_memory(system(groups("0::/") | v2("", 100, 400))) == 0


@pytest.mark.parametrize("version", [1, 2])
def test_files_in_the_page_cache_can_be_had_back(system, version):
    # 4 GiB, of which 3.5 hold files that were read or written, and 0.1 are the process's.
    used = int(3.6 * GIB)
    if version == 2:
        files = groups("0::/") | v2("", 4 * GIB, used, inactive_file=2 * GIB, active_file=int(1.5 * GIB))
    else:
        cached = {"total_inactive_file": 2 * GIB, "total_active_file": int(1.5 * GIB), "inactive_file": 5}
        files = groups("5:cpu,memory:/", "1:pids:/") | v1("", 4 * GIB, used, **cached)
    free = free_memory(system(files))
    assert free == 4 * GIB - used + int(3.5 * GIB)
    assert auto_tile(8192, free) == FASTEST_TILE


def test_kernel_caches_can_be_had_back_and_shared_memory_cannot(system):
    files = groups("0::/") | v2("", 4 * GIB, 3 * GIB, slab_reclaimable=GIB, shmem=GIB)
    assert free_memory(system(files)) == 2 * GIB


@pytest.mark.parametrize("tightest", ["a/b/c", "a/b", "a", ""])
def test_every_group_around_the_process_limits_it(system, tightest):
    files = groups("0::/a/b/c")
    for group in ("a/b/c", "a/b", "a", ""):
        files |= v2(group, 2 * GIB if group == tightest else "max", GIB)
    assert free_memory(system(files)) == GIB


@pytest.mark.parametrize("tightest", ["docker/b19b", "docker", ""])
def test_groups_of_version_1_limit_likewise(system, tightest):
    unlimited = 9223372036854771712
    files = groups("9:name=systemd:/x", "4:memory:/docker/b19b", "0::/")
    for group in ("docker/b19b", "docker", ""):
        files |= v1(group, 2 * GIB if group == tightest else unlimited, GIB)
    assert free_memory(system(files)) == GIB


def test_a_container_of_version_1_sees_its_own_group_as_the_outermost(system):
    files = groups("4:memory:/docker/b19b", "3:cpu:/docker/b19b") | v1("", 3 * GIB, GIB)
    assert free_memory(system(files)) == 2 * GIB


def test_other_processes_groups_do_not_matter(system):
    files = groups("0::/mine") | v2("mine", 4 * GIB, GIB) | v2("theirs", MIB, MIB)
    assert free_memory(system(files)) == 3 * GIB


def test_memory_high_slows_down_before_the_limit_is_met(system):
    files = groups("0::/") | v2("", 4 * GIB, GIB) | {"sys/fs/cgroup/memory.high": 3 * GIB}
    assert free_memory(system(files)) == 2 * GIB


def test_this_system_says_something_sensible():
    assert 16 * MIB < free_memory() < 2**50
