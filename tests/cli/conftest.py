"""The command line, run in this process as the installed command runs it."""

import sys
from dataclasses import dataclass

import pytest
from PIL import Image

from srgan.cli.main import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def here(cache, tmp_path, monkeypatch):  # noqa: ARG001
    """Commands are typed in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def srgan(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["srgan", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture
def upscale(srgan, tiny_model):
    """``srgan upscale`` with the tiny model, on the processor."""
    return lambda *arguments: srgan("upscale", *arguments, "--model", tiny_model, "--device", "cpu")


@pytest.fixture
def pictures(here, photo):
    """Writes the photograph under names whose extensions tell the format."""

    def write(*names):
        for name in names:
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(photo).save(here / name)

    return write
