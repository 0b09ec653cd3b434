"""An engine without a model: of any scale, radius and multiple."""

from types import SimpleNamespace

import numpy as np
import pytest

from srgan.networks.info import NetworkInfo
from srgan.upscaling import upscaler


class StandIn:
    """Sums what lies at its radius, and adds the place in its grid of multiples; whole numbers, so exact."""

    name, precision, device = "stand-in", "fp32", "cpu"

    def __init__(self, *, scale=4, radius=3, halo=None, multiple=1):
        self.info = NetworkInfo(
            scale=scale,
            radius=radius,
            halo=(radius or 0) if halo is None else halo,
            multiple=multiple,
            bytes_per_pixel=100,
        )
        self.reach = radius or 0
        self.shapes = []
        self.released = 0

    def upscale(self, batch, context=0):
        self.shapes.append(batch.shape)
        _, height, width, _ = batch.shape
        multiple, scale = self.info.multiple, self.info.scale
        assert height % multiple == width % multiple == context % multiple == 0
        x = batch.astype(np.int64)
        x = x + 3 * np.roll(x, self.reach, 1) + 5 * np.roll(x, -self.reach, 2)
        x += 7 * (np.arange(height) % multiple)[:, None, None] + 11 * (np.arange(width) % multiple)[:, None]
        x = x[:, context : height - context, context : width - context]
        return (x % 256).astype(batch.dtype).repeat(scale, 1).repeat(scale, 2)

    def precision_for(self, _):
        return self.precision

    def free_memory(self):
        return None

    def release(self):
        self.released += 1

    def whole(self, image):
        """What a picture becomes in one piece."""
        multiple = self.info.multiple
        halo = -(-self.info.halo // multiple) * multiple
        around = [(halo, halo + -side % multiple) for side in image.shape[:2]]
        padded = np.pad(image, (*around, (0, 0)), "symmetric")
        height, width = (side * self.info.scale for side in image.shape[:2])
        return StandIn.upscale(self, padded[None], halo)[0, :height, :width]


@pytest.fixture
def stand_in():
    return StandIn


@pytest.fixture
def around(monkeypatch):
    """Makes an Upscaler around an engine."""

    def make(engine, **options):
        network = SimpleNamespace(card=None, info=engine.info)
        monkeypatch.setattr(upscaler, "load_any_network", lambda *_: network)
        monkeypatch.setattr(upscaler, "open_engine", lambda *_, **__: engine)
        return upscaler.Upscaler(**options)

    return make
