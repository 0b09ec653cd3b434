"""The card that every model file carries: what it is, how it was made, and what it scored."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, get_args

from srgan.errors import ModelError
from srgan.networks.architecture import ArchitectureName, GeneratorConfig, Norm

_ARCHITECTURE = "kind"  # the key in existing files
_MOST = 4096  # blocks and channels; a wrong number must not fill the memory


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a reader needs before trusting a model.

    Attributes:
        name: short name, also the file's stem.
        generator: the dimensions that rebuild the network; None for a network of another program's.
        summary: one sentence: what it is for, and what it is not for.
        training: data, counts, steps, losses, hardware and time, as recorded by the last training run; or
            ``{"blend": {NAME: SHARE, ...}}`` if two models were blended.
        history: the runs before it, from the first on, each as in ``training``.
        taught_by: other networks whose results it learned from instead of the ground truth: ``network``,
            ``licence``, and ``pictures``, from which they were made.
        figures: scores by data set, e.g. ``{"Set5": {"psnr_y": 31.5, "ssim_y": 0.88}}``.
        figures_command: the command that produced ``figures``.
        licence: terms of the weights, with a word on those of the training pictures.
        halo: context in low-res pixels used around a tile where it is smaller than the exact
            ``generator.radius``; None means exact.
        fidelity: the model that shows only what the picture supports, from which this one was trained:
            name of a shipped one, or of a ``.safetensors`` file beside this one; empty if there is none.
        grain: the model that cleans nothing, from which this one learned to clean degraded pictures; named
            in the same way.
        version: version of srgan that wrote the file.
    """

    name: str
    generator: GeneratorConfig | None
    summary: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    taught_by: list[dict[str, str]] = field(default_factory=list)
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    figures_command: str = ""
    licence: str = ""
    halo: int | None = None
    fidelity: str = ""
    grain: str = ""
    version: str = ""

    @property
    def steps(self) -> list[dict[str, Any]]:
        """All steps that led to the weights, including the last."""
        return [step for step in (*self.history, self.training) if step]

    @property
    def own_generator(self) -> GeneratorConfig:
        """The dimensions of srgan's own generator.

        Raises:
            ModelError: if it is another program's network.
        """
        if self.generator is None:
            raise ModelError(
                f"'{self.name}' is another program's network; this takes only srgan's own models"
            )
        return self.generator

    def to_json(self) -> str:
        """Returns the card as one JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        """Returns the card as in files and ``--json``: the architecture's key there is "kind"."""
        fields = dataclasses.asdict(self)
        generator = fields["generator"]
        if generator is None:
            return fields
        return {**fields, "generator": {_ARCHITECTURE: generator.pop("architecture"), **generator}}

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Rebuilds a card.

        Raises:
            ModelError: if the text is not a card of this version of the software.
        """
        try:
            fields = json.loads(text)
            generator = dict(fields["generator"])
            # Cards from before the compact architecture have no such key.
            name = generator.pop(_ARCHITECTURE, "srresnet")
            card = cls(**{**fields, "generator": GeneratorConfig(architecture=name, **generator)})
            wrong = card._wrong_field()
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ModelError(f"the model's card cannot be read ({error}); update srgan") from error
        if wrong is not None:
            raise ModelError(f"the model's card cannot be read ('{wrong}' is wrong); get the file again")
        return card

    def _wrong_field(self) -> str | None:
        """Returns the first field with an impossible value; files come from anywhere."""
        generator = self.own_generator
        is_right = {
            "name": isinstance(self.name, str),
            "blocks": isinstance(generator.blocks, int) and 1 <= generator.blocks <= _MOST,
            "channels": isinstance(generator.channels, int) and 1 <= generator.channels <= _MOST,
            _ARCHITECTURE: generator.architecture in get_args(ArchitectureName),
            "norm": generator.norm in (("none",) if generator.architecture == "compact" else get_args(Norm)),
            "fidelity": _is_name(self.fidelity),
            "grain": _is_name(self.grain),
            "training": isinstance(self.training, dict),
            "history": _is_list_of_dicts(self.history),
            "taught_by": _is_list_of_dicts(self.taught_by),
            "figures": isinstance(self.figures, dict)
            and all(isinstance(scores, dict) for scores in self.figures.values()),
            "halo": self.halo is None or (isinstance(self.halo, int) and self.halo >= 0),
        }
        wrong = next((field for field, right in is_right.items() if not right), None)
        if wrong is None and self.halo is not None and self.halo > generator.radius:
            return "halo"
        return wrong


def _is_name(value: object) -> bool:
    """Returns whether it is the name of a model, or of a file beside this one, and not a path."""
    return isinstance(value, str) and not {"/", "\\"} & {*value}


def _is_list_of_dicts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
