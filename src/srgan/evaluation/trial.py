"""Measures what it costs to compute layers of a network in 8 bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srgan.engines.openvino import OpenVinoEngine
from srgan.evaluation.dataset import Sample
from srgan.events import Event, OnEvent
from srgan.metrics.fidelity import crop_border, luma, psnr
from srgan.networks.architectures.folding import Array
from srgan.networks.eight_bits import EightBits
from srgan.networks.network import Network

_GROUPS = 24  # of neighbouring layers, tried one by one
_TRIED = 2  # samples that groups are tried on
_FLAT = 48  # pixels a side; a quarter of it is looked at
_COLOURS = ((128, 128, 128), (200, 30, 60), (60, 180, 90), (250, 240, 230), (90, 140, 200))
_BEST = 100.0  # dB, for equal results


class Trial:
    """Measures choices of layers against the results in 32 bits.

    Args:
        network: the network.
        samples: to measure on.
        pictures: what these are, in words.
        on_event: called after every trial.
    """

    def __init__(
        self, network: Network, samples: Sequence[Sample], pictures: str, on_event: OnEvent | None
    ) -> None:
        self._network = network
        self._samples = samples
        self._pictures = pictures
        self._on_event = on_event
        self._done = 0
        wide = OpenVinoEngine(network, precision="fp32")
        self._exact = self._results(wide, samples)
        self._exact_spreads = [_spread(wide.upscale(flat)) for flat in _flats()]

    def measure(self, peaks: Mapping[str, Array]) -> EightBits:
        """Returns what it costs to compute these layers in 8 bits."""
        results = self._narrow_results(peaks, self._samples)
        figures = [
            (_psnr_y(wide, sample) - _psnr_y(narrow, sample), psnr(wide, narrow))
            for wide, narrow, sample in zip(self._exact, results, self._samples, strict=True)
        ]
        # Equal pictures, which are flat ones, have no finite figures.
        finite = np.array([pair for pair in figures if np.isfinite(pair).all()] or [(0.0, _BEST)])
        loss, likeness = finite.mean(axis=0)
        return EightBits(
            peaks=peaks,
            loss=round(float(loss), 4),
            likeness=round(float(likeness), 2),
            pattern=self.pattern(peaks),
            pictures=self._pictures,
        )

    def pattern(self, peaks: Mapping[str, Array]) -> int:
        """Returns by how many levels of 255, at most, flat colours vary more than in 32 bits."""
        narrow = self._narrow_engine(peaks)
        spreads = zip(_flats(), self._exact_spreads, strict=True)
        return max(_spread(narrow.upscale(flat)) - exact for flat, exact in spreads)

    def costs(self, peaks: Mapping[str, Array]) -> list[list[str]]:
        """Returns groups of layers that follow each other, the costliest first."""
        names = list(peaks)
        size = -(-len(names) // _GROUPS)
        groups = [names[start : start + size] for start in range(0, len(names), size)]
        return sorted(groups, key=lambda group: -self._error({name: peaks[name] for name in group}))

    def _error(self, peaks: Mapping[str, Array]) -> float:
        """Returns the mean squared difference from 32 bits, on a few pieces."""
        results = self._narrow_results(peaks, self._samples[:_TRIED])
        differences = (
            np.square(wide.astype(np.float64) - narrow).mean()
            for wide, narrow in zip(self._exact, results, strict=False)
        )
        return float(sum(differences))

    def _narrow_results(
        self, peaks: Mapping[str, Array], samples: Sequence[Sample]
    ) -> list[NDArray[np.uint8]]:
        return self._results(self._narrow_engine(peaks), samples)

    def _narrow_engine(self, peaks: Mapping[str, Array]) -> OpenVinoEngine:
        network = replace(self._network, eight_bits=EightBits(peaks=peaks))
        return OpenVinoEngine(network, precision="int8")

    def _results(self, engine: OpenVinoEngine, samples: Sequence[Sample]) -> list[NDArray[np.uint8]]:
        results = [engine.upscale(sample.lr_image[None])[0] for sample in samples]
        self._done += 1
        if self._on_event is not None:
            self._on_event(Event(done=self._done, unit="trials"))
        return results


def _flats() -> list[NDArray[np.uint8]]:
    return [np.full((1, _FLAT, _FLAT, 3), colour, np.uint8) for colour in _COLOURS]


def _spread(result: NDArray[np.uint8]) -> int:
    """Returns the range of values in the middle of a picture, (1, H, W, 3), in the worst channel."""
    height, width = (3 * side // 8 for side in result.shape[1:3])
    middle = result[0, height:-height, width:-width].astype(int)
    return int((middle.max((0, 1)) - middle.min((0, 1))).max())


def _psnr_y(result: NDArray[np.uint8], sample: Sample) -> float:
    border = sample.scale
    return psnr(luma(crop_border(result, border)), luma(crop_border(sample.hr_image, border)))
