"""The card that every model file carries: what it is, how it was made, and what it scored."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, get_args

from srgan.errors import ModelError
from srgan.networks.architecture import GeneratorConfig, Kind, Norm

_MOST = 4096  # blocks and channels; a wrong number must not fill the memory


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a reader needs before trusting a model.

    Attributes:
        name: short name, also the file's stem.
        generator: the dimensions that rebuild the network.
        summary: one sentence: what it is for, and what it is not for.
        training: data, counts, steps, losses, hardware and time, as recorded by the training run.
        figures: scores by data set, e.g. ``{"Set5": {"psnr_y": 31.5, "ssim_y": 0.88}}``.
        figures_command: the command that produced ``figures``.
        licence: terms of the weights, with a word on the training pictures'.
        halo: context in low-res pixels used around a tile where it is smaller than the exact
            ``generator.halo``; None means exact.
        fidelity: the model that shows only what the picture supports, from which this one was trained on:
            name of a shipped one, or of a ``.safetensors`` file beside this one; empty where there is none.
        version: version of srgan that wrote the file.
    """

    name: str
    generator: GeneratorConfig
    summary: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    figures_command: str = ""
    licence: str = ""
    halo: int | None = None
    fidelity: str = ""
    version: str = ""

    def to_json(self) -> str:
        """The card as one JSON object."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Rebuilds a card.

        Raises:
            ModelError: if the text is not a card of this version of the software.
        """
        try:
            fields = json.loads(text)
            card = cls(**{**fields, "generator": GeneratorConfig(**fields["generator"])})
            wrong = card._wrong_field()
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ModelError(f"the model's card cannot be read ({error}); update srgan") from error
        if wrong is not None:
            raise ModelError(f"the model's card cannot be read ('{wrong}' is wrong); get the file again")
        return card

    def _wrong_field(self) -> str | None:
        """The first field whose value it cannot have; files come from anywhere."""
        generator = self.generator
        is_right = {
            "name": isinstance(self.name, str),
            "blocks": isinstance(generator.blocks, int) and 1 <= generator.blocks <= _MOST,
            "channels": isinstance(generator.channels, int) and 1 <= generator.channels <= _MOST,
            "kind": generator.kind in get_args(Kind),
            "norm": generator.norm in (("none",) if generator.kind == "compact" else get_args(Norm)),
            "fidelity": isinstance(self.fidelity, str) and not {"/", "\\"} & {*self.fidelity},
            "training": isinstance(self.training, dict),
            "figures": isinstance(self.figures, dict)
            and all(isinstance(scores, dict) for scores in self.figures.values()),
            "halo": self.halo is None or (isinstance(self.halo, int) and 0 <= self.halo <= generator.halo),
        }
        return next((field for field, right in is_right.items() if not right), None)
