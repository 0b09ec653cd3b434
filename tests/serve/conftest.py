"""A server in this process, which offers a tiny model too."""

import dataclasses
import io
import shutil
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra 'serve'")

from starlette.testclient import TestClient

from srgan.jobs.models import Models
from srgan.serve.app import create_app
from srgan.serve.run import Server
from srgan.serve.settings import Settings
from srgan.upscaling.upscaler import Upscaler


@pytest.fixture
def offered(tiny_pair, tmp_path):
    """A folder with the models ``tiny`` and ``detailed``."""
    folder = tmp_path / "models"
    shutil.copytree(tiny_pair.parent, folder)
    return folder


@pytest.fixture
def expected(offered, photo):
    """What the tiny model makes of the photograph without a server."""
    with Upscaler(offered / "tiny.safetensors", device="cpu", precision="fp32") as upscaler:
        return upscaler.upscale(photo)


@pytest.fixture
def settings(offered, tmp_path):
    return Settings(state=tmp_path / "state", models=offered)


@pytest.fixture
def usual(offered, monkeypatch):
    """Lets the tiny model be the usual one, which the server opens when it starts."""
    for module, name in (("jobs.models", str(offered / "tiny.safetensors")), ("serve.api", "tiny")):
        monkeypatch.setattr(f"srgan.{module}.DEFAULT_MODEL", name)
    monkeypatch.setattr("srgan.jobs.models.Models.open.__defaults__", (str(offered / "tiny.safetensors"),))


@pytest.fixture
def start(settings, usual):  # noqa: ARG001
    """Starts a server, which ends with the block."""

    def serve(settings=settings):
        app = create_app(settings, Models(device="cpu", precision="fp32", tile=16))
        return TestClient(app, base_url="http://127.0.0.1")

    return serve


@pytest.fixture
def client(start):
    with start() as client:
        yield client


@pytest.fixture
def listen(settings, usual):  # noqa: ARG001
    """Starts a server at a port of its own, which ends with the block; gives its address."""

    @contextmanager
    def serve(settings=settings):
        models = Models(device="cpu", precision="fp32", tile=16)
        server = Server(dataclasses.replace(settings, port=0), models, lambda _: None)
        socket = server.config.bind_socket()
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            socket.close()

    return serve


@pytest.fixture
def png(photo):
    """The bytes of a picture of 30x24 pixels."""
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "png")
    return out.getvalue()


@pytest.fixture
def large():
    """The bytes of a picture that takes long in the tests' tiles of 16x16 pixels, if not many megapixels."""
    out = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1500, 3), np.uint8)
    Image.fromarray(noise).save(out, "png", compress_level=0)
    return out.getvalue()
