"""The models that come with the package, and the way from a name or a path to a file."""

from __future__ import annotations

import difflib
from pathlib import Path

from srgan.errors import ModelError, UsageError
from srgan.networks.card import ModelCard
from srgan.networks.model_file import has_card, read_card
from srgan.networks.onnx import is_onnx, onnx_card
from srgan.networks.realesrgan import REALESRGAN, find_realesrgan

# Never names, even if there is no such file.
_ENDINGS = (".safetensors", ".pth", ".pt", ".onnx", ".param", ".bin")

SHIPPED = Path(__file__).parent / "shipped"
"""The folder of the models that come with the package."""


def list_models() -> list[str]:
    """Returns the names of the shipped models, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def find_model(model: str | Path) -> Path:
    """Finds the file of a model by its name or path; of an ncnn network, the ``.param``.

    Raises:
        UsageError: if it is neither; the nearest name is suggested.
        ModelError: if there is no such file.
        MissingExtraError: if it is the name of one of Real-ESRGAN's, and their package is not installed.
    """
    path = Path(model)
    if path.suffix == ".bin" and path.with_suffix(".param").is_file():
        return path.with_suffix(".param")
    if path.suffix in _ENDINGS or path.is_file():
        if not path.is_file():
            raise ModelError(f"{path}: no such model file; 'srgan models' lists the shipped ones")
        return path
    if str(model) in REALESRGAN:
        return find_realesrgan(str(model))
    names = list_models()
    if str(model) in names:
        return SHIPPED / f"{model}.safetensors"
    names += REALESRGAN
    near = difflib.get_close_matches(str(model), names, n=1)
    advice = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names)}"
    raise UsageError(f"unknown model '{model}'; {advice}", field="model")


def load_card(model: str | Path) -> ModelCard:
    """Loads the card of a shipped model or of a file; one is made up for another program's network.

    Raises:
        UsageError: if there is no such model.
        ModelError: if its file cannot be read.
        MissingExtraError: as :func:`find_model` does.
    """
    path = find_model(model)
    if is_onnx(path):
        return onnx_card(path)
    if has_card(path):
        return read_card(path)
    from srgan.networks.foreign import read_foreign  # srgan's own models need not wait for its imports

    return read_foreign(path)[0]
