import importlib.util

import pytest


@pytest.fixture
def no_ray(monkeypatch):
    """Fails where the command goes so far as to start Ray."""
    pytest.importorskip("pyarrow", reason="needs the extra 'cluster'")
    from srgan.cluster import connection

    def connected(_):
        raise AssertionError("Ray was to start")

    monkeypatch.setattr(connection, "connected", connected)


def test_without_the_extra_one_line_says_what_to_install(srgan, pictures, monkeypatch):
    pictures("in/a.png")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find(name))
    done = srgan("cluster", "in", "out")
    assert done.code == 1
    assert "[cluster]" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.usefixtures("no_ray")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["nothing-here", "out"], "nothing-here"),
        (["in", "in"], "in/a.png"),
        (["in", "s3:///out"], "bucket"),
        (["in", "out", "--tile", "wide"], "--tile"),
        (["in", "out", "--codec", "none"], "--codec"),
        (["in", "out", "--model", "none"], "none"),
        (["in", "out", "--model", "fast", "--detail", "0.5"], "sibling"),
        (["in", "out", "--engine", "openvino", "--device", "mps"], "--engine"),
    ],
)
def test_a_wrong_request_ends_before_ray_starts(arguments, names, srgan, pictures):
    pictures("in/a.png")
    done = srgan("cluster", *arguments)
    assert done.code == 2
    assert names in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.usefixtures("no_ray")
def test_a_damaged_model_is_told_before_ray_starts(srgan, pictures, here):
    pictures("in/a.png")
    (here / "damaged.safetensors").write_bytes(b"nothing")
    done = srgan("cluster", "in", "out", "--model", "damaged.safetensors", "--device", "cuda")
    assert done.code == 1
    assert "damaged.safetensors" in done.err
    assert len(done.err.splitlines()) == 1
