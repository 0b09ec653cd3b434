"""The examples of the pages on the server, run as they stand there, against one that listens elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image

from srgan.cli.main import app
from srgan.images.read import read_picture

PAGES = ("how-to/serve.md", "reference/http.md")
DOCS = "".join((Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8") for page in PAGES)
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(photo, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    Image.fromarray(photo).save(folder / "photo.png")
    return folder


def test_the_examples_do_what_they_say(listen, folder, ffmpeg):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=32x24:rate=5:duration=1", folder / "video.mp4")
    said = []
    with listen() as address:
        for language, text in EXAMPLES:
            text = text.replace("http://127.0.0.1:8000", address).replace("model=photo", "model=detailed")
            command = ["bash", "-ec", text] if language == "sh" else [sys.executable, "-c", text]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
            )
            assert done.returncode == 0, done.stderr
            said.append(done.stdout)
    pictures = [path for path in folder.iterdir() if path.suffix != ".mp4"]
    sizes = {path.name: read_picture(path).size for path in pictures}
    large = (120, 96)
    assert sizes == {
        "photo.png": (30, 24),
        "clear.png": large,
        "clear.jpg": large,
        "clear.webp": (100, 80),
        "photo-x4.png": large,
    }
    assert (folder / "video-x4.mp4").stat().st_size > 0
    assert "event: end" in "".join(said)
    assert "did you mean scale" in "".join(said)


def test_every_option_and_route_of_the_docs_is_there(client):
    command = typer.main.get_command(app).commands["serve"]
    known = {name for parameter in command.params for name in parameter.opts}
    places = re.findall(r"srgan serve[^\n]*|\| `--[^|]*\|", DOCS)
    used = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", "".join(places)))
    assert used <= known
    assert {"--max-upload", "--state", "--name", "--host"} <= used
    paths = {*client.get("/v1/openapi.json").json()["paths"], "/v1/openapi.json"}
    for route in set(re.findall(r"(?:GET|POST|DELETE) (/[\w/.]+)", DOCS)):
        assert route.replace("ID", "{job}") in paths
