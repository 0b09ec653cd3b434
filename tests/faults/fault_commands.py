"""The long commands, each made so small that it can be killed hundreds of times."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiny_recipes import ADVERSARIAL, TINY

_SHORT = [
    *(*TINY, "data.batch_size=2", "optimiser.steps=6"),
    *("run.log_every=2", "run.validate_every=3", "run.checkpoint_seconds=0"),
]


@dataclass(frozen=True, kw_only=True)
class LongCommand:
    """A command line, run in a folder of its own, that writes to ``out``.

    Attributes:
        arguments: after ``srgan``; ``{inputs}`` stands for the folder that ``fault_inputs`` makes.
    """

    arguments: tuple[str, ...]


_COMPUTING = ("--model", "{inputs}/tiny.safetensors", "--device", "cpu", "--precision", "fp32")


def _upscale(source: str, out: str, *options: str) -> LongCommand:
    names = (f"{{inputs}}/{source}", "-o", out, "--skip-existing")
    return LongCommand(arguments=("upscale", *names, *_COMPUTING, *options))


def _train(*changes: str) -> LongCommand:
    settings = (part for change in changes for part in ("--set", change))
    folders = ("--data", "{inputs}/photos", "--validation", "{inputs}/photos", "--out", "out")
    return LongCommand(arguments=("train", "--recipe", "srresnet", *folders, "--device", "cpu", *settings))


COMMANDS: Mapping[str, LongCommand] = {
    "upscale-folder": _upscale("pictures", "out"),
    "upscale-one": _upscale("pictures/0.png", "out/one.png"),
    "upscale-large": _upscale("large.png", "out/large.png", "--tile", "64"),
    "film-mp4": _upscale("film.mkv", "out/film.mp4", "--crf", "0"),
    "film-mkv": _upscale("film.mkv", "out/film.mkv", "--codec", "ffv1"),
    "film-webp": _upscale("film.mkv", "out/film.webp"),
    "film-frames": _upscale("film.mkv", "out/%04d.png"),
    "cluster": LongCommand(arguments=("cluster", "{inputs}/pictures", "out", *_COMPUTING)),
    "prepare": LongCommand(arguments=("prepare", "{inputs}/raw", "out", "--min-size", "64", "--crop", "64")),
    "export-onnx": LongCommand(arguments=("export", "{inputs}/tiny.safetensors", "out/net.onnx")),
    "export-openvino": LongCommand(arguments=("export", "{inputs}/tiny.safetensors", "out/net.xml")),
    "import-keras": LongCommand(arguments=("import-keras", "{inputs}/net.h5", "out/net.safetensors")),
    "train-fidelity": _train(*_SHORT),
    "train-adversarial": _train(*_SHORT, *ADVERSARIAL),
}
"""Long commands by name; ``serve`` has a file of its own, ``fault_serving``."""
