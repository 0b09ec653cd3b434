import importlib.util

import pytest


def test_without_the_extra_one_line_says_what_to_install(srgan, pictures, monkeypatch):
    pictures("in/a.png")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find(name))
    done = srgan("cluster", "in", "out")
    assert done.code == 1
    assert "[cluster]" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["nothing-here", "out"], "nothing-here"),
        (["in", "in"], "in/a.png"),
        (["in", "s3:///out"], "bucket"),
        (["in", "out", "--tile", "wide"], "--tile"),
        (["in", "out", "--codec", "none"], "--codec"),
    ],
)
def test_a_wrong_request_ends_before_ray_starts(arguments, names, srgan, pictures):
    pytest.importorskip("pyarrow", reason="needs the extra 'cluster'")
    pictures("in/a.png")
    done = srgan("cluster", *arguments)
    assert done.code == 2
    assert names in done.err
    assert len(done.err.splitlines()) == 1
