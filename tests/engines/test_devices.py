"""Whether a GPU is in sight, by the files of its driver."""

import pytest

from srgan.engines.devices import gpu_in_sight


@pytest.fixture
def system(monkeypatch):
    def set_up(name, machine="x86_64"):
        monkeypatch.setattr("platform.system", lambda: name)
        monkeypatch.setattr("platform.machine", lambda: machine)

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return set_up


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], False),
        (["dev/null", "dev/dri/card0", "proc/driver/rtc"], False),
        (["dev/nvidia0", "dev/nvidiactl"], True),
        (["proc/driver/nvidia/version"], True),
        (["dev/dxg"], False),
        (["dev/dxg", "usr/lib/wsl/lib/libcuda.so.1"], True),
    ],
)
def test_linux_and_wsl(tmp_path, system, files, expected):
    system("Linux")
    make(tmp_path, *files)
    assert gpu_in_sight(tmp_path) is expected


@pytest.mark.parametrize(("hidden", "expected"), [("", False), ("-1", False), ("0", True), ("1,0", True)])
def test_devices_can_be_hidden_as_everywhere(tmp_path, system, monkeypatch, hidden, expected):
    system("Linux")
    make(tmp_path, "dev/nvidia0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert gpu_in_sight(tmp_path) is expected


@pytest.mark.parametrize(("machine", "expected"), [("arm64", True), ("x86_64", False)])
def test_apple(tmp_path, system, machine, expected):
    system("Darwin", machine)
    assert gpu_in_sight(tmp_path) is expected


@pytest.mark.parametrize("there", [None, "nvcuda.dll", "nvidia-smi"])
def test_windows(tmp_path, system, monkeypatch, there):
    system("Windows")
    monkeypatch.setattr("shutil.which", lambda name: name if name == there else None)
    assert gpu_in_sight(tmp_path) is (there is not None)
