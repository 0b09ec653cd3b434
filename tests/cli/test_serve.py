"""``srgan serve``: calls that are refused; what it does is tested beside the server."""

import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--host", "0.0.0.0"], 2, "--token"),
        (["--host", "example.org"], 2, "--token"),
        (["--host", "::"], 2, "--token"),
        (["--token", "x", "--no-token"], 2, "--no-token"),
        (["--token", ""], 2, "empty"),
        (["--models", "nowhere"], 1, "--models"),
        (["--tile", "x"], 2, "--tile"),
        (["--state", "file"], 1, "file"),
    ],
)
def test_a_call_that_is_not_safe_or_wrong_is_refused(srgan, here, arguments, code, says):
    (here / "file").touch()
    done = srgan("serve", "--port", "0", *arguments)
    assert done.code == code
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert says in done.err


def test_without_the_extra_one_line_says_how_to_get_it(srgan, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = srgan("serve")
    assert done.code == 1
    assert "pip install '.[serve]'" in done.err
