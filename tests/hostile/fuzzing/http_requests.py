"""Requests to the server: the head and the body of each are one file, which is damaged as others are."""

import io
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from fuzzing.seeds import RGB, RGBA

_MOST_PIXELS = 100_000  # so many are upscaled well within the time of a case
_SERVER = "http://127.0.0.1"
_WAITING = 3  # jobs that may be at their end while the next request comes


def seeds() -> list[bytes]:
    """A form with options, the bare body, a GIF, to both routes."""
    pictures = []
    for image, kind in ((RGB, "png"), (RGBA, "webp"), (RGB, "gif")):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        pictures.append(buffer.getvalue())
    made = []
    for route in (b"/v1/upscale?model=tiny", b"/v1/jobs?model=tiny"):
        for content in pictures:
            form = b"".join(
                b'--x1y2\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, extra, value)
                for name, extra, value in (
                    (b"format", b"", b"png"),
                    (b"quality", b"", b"80"),
                    (b"file", b'; filename="a.png"\r\nContent-Type: image/png', content),
                )
            )
            made.append(b"%s\nmultipart/form-data; boundary=x1y2\n\n%s--x1y2--\r\n" % (route, form))
            made.append(b"%s&width=40\nimage/png\n\n%s" % (route, content))
    return made


@cache
def _client():
    """A server in this process, which ends with it."""
    import numpy as np
    from starlette.testclient import TestClient

    from srgan.jobs.models import Models
    from srgan.networks.architecture import GeneratorConfig
    from srgan.networks.card import ModelCard
    from srgan.networks.model_file import write_model
    from srgan.serve.app import create_app
    from srgan.serve.settings import Limits, Settings

    folder = Path(tempfile.mkdtemp(dir=Path(tempfile.gettempdir()).parent))
    tiny = GeneratorConfig(blocks=1, channels=4)
    (folder / "models").mkdir()
    tensors = {name: np.zeros(shape, np.float32) for name, shape in tiny.shapes().items()}
    card = ModelCard(name="tiny", generator=tiny, summary="For tests.")
    write_model(folder / "models" / "tiny.safetensors", tensors, card)
    settings = Settings(state=folder / "state", models=folder / "models", limits=Limits(pixels=_MOST_PIXELS))
    app = create_app(settings, Models(device="cpu", precision="fp32", tile=64, threads=1))
    client = ExitStack().enter_context(TestClient(app, base_url=_SERVER))
    return client, settings.state / "tasks"


def prepare() -> None:
    """Starts the server."""
    _client()


def ask(path: Path) -> None:
    """Sends a request; whatever it is, the answer is no failure of the server's, and nothing of it stays."""
    from srgan.errors import UsageError

    client, tasks = _client()
    head, _, body = path.read_bytes().partition(b"\n\n")
    route, _, kind = head.decode("latin-1").partition("\n")
    if not route.startswith("/") or not route.isascii() or not route.isprintable():
        route = "/v1/upscale"
    # With the host, since a path may begin with two slashes.
    answer = client.post(f"{_SERVER}{route}", content=body, headers={"content-type": kind.encode("latin-1")})
    if answer.status_code == 202:
        client.delete(f"/v1/jobs/{answer.json()['id']}")
    if len(left := list(tasks.iterdir())) > _WAITING:
        raise RuntimeError(f"left over: {len(left)} jobs")
    if answer.status_code >= 500:
        raise RuntimeError(f"{answer.status_code}: {answer.text[:200]}")
    if answer.status_code >= 400 and answer.headers["content-type"] == "application/problem+json":
        raise UsageError(answer.json()["detail"])
