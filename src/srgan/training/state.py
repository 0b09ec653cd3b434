"""What a training run is made of while it runs, whichever its stage, and what its checkpoints hold."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from srgan.data.store import PictureStore
from srgan.errors import RunError
from srgan.training.means import Means
from srgan.training.processes import Processes
from srgan.training.recipe import Recipe
from srgan.training.setup import autocast_dtype, schedule, start_network

Part = tuple[Tensor, Tensor]
"""Low-res pictures and their true ones."""

Loss = tuple[Tensor, Mapping[str, Tensor]]
"""What is minimised, and the figures of the log that go with it."""

_MOST_SKIPPED = 20
"""Updates in a row without a finite loss; then the weights themselves are taken to be broken."""


class RunState(ABC):
    """A run at some step. Each stage says what a step does, by :meth:`learn`.

    Args:
        recipe: everything but the pictures.
        store: the training pictures, or this process's share of them.
        device: where to compute.
        processes: of the run.

    Attributes:
        losses: names of the figures that :meth:`minimise` takes.
        network: the generator.
        average: the moving average of the generator's weights.
        modules: all that learns, and the average; what a checkpoint holds.
        optimisers: every optimiser of the run.
        recent: means of the figures since the last row of the log.
        epoch: means of the figures in this epoch.
        step: steps done.
        skipped: updates left out because a loss was no finite number.
        seconds: time spent, over all calls.
        psnr_y: of the last validation in dB, or None.
    """

    losses: Sequence[str]

    def __init__(
        self,
        recipe: Recipe,
        store: PictureStore,
        device: torch.device,
        processes: Processes | None = None,
    ) -> None:
        torch.manual_seed(recipe.run.seed)
        self.recipe = recipe
        self.store = store
        self.device = device
        self.processes = processes or Processes()
        self.dtype = autocast_dtype(recipe.run.precision, device)
        self.network = self.place(start_network(recipe.generator, recipe.start))
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.modules: dict[str, nn.Module] = {"network": self.network, "average": self.average}
        self.optimisers: list[torch.optim.Optimizer] = []
        self.random = torch.Generator().manual_seed(recipe.run.seed)
        self.recent = Means(self.losses, device)
        self.epoch = Means(self.losses, device)
        self.step = 0
        self.skipped = 0
        self.seconds = 0.0
        self.psnr_y: float | None = None
        self._skipped_in_a_row: dict[str, int] = {}

    @abstractmethod
    def learn(self, parts: Sequence[Part]) -> None:
        """Changes the weights once, by a batch in parts of (n, 3, crop, crop) and (n, 3, 4 crop, 4 crop)."""

    def concern(self, means: Mapping[str, float]) -> str | None:  # noqa: ARG002
        """What a person should know of the means of some steps; None while all goes well."""
        return None

    def place(self, module: nn.Module) -> Any:
        """A module on the run's device, with its convolutions in channels-last layout."""
        return module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def train_step(self) -> None:
        """One step: a batch, the stage's learning, the weights' average."""
        data = self.recipe.data
        lr_image, hr_image = self.store.sample(data.batch_size, data.crop, self.random)
        parts = data.accumulation
        self.learn(list(zip(lr_image.chunk(parts), hr_image.chunk(parts), strict=True)))
        self._move_average()
        self.step += 1

    def autocast(self) -> torch.autocast:
        """The context in which networks compute."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def minimise(
        self,
        what: str,
        losses: Iterable[Loss],
        optimisers: Sequence[torch.optim.Optimizer],
    ) -> None:
        """One step of some optimisers against a loss, at the rate the schedule gives.

        It is left out, and counted, if the loss is no finite number in any process.

        Args:
            what: learns, in words.
            losses: of each part of the batch, the loss and the figures of the log; taken one after the
                other, so that the memory of a part is free before the next.
            optimisers: of the weights that learn.

        Raises:
            RunError: if too many steps in a row had to be left out.
        """
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        parts = self.recipe.data.accumulation
        total = torch.zeros((), device=self.device)
        figures: list[Mapping[str, Tensor]] = []
        for loss, named in losses:
            (loss / parts).backward()
            total += loss.detach() / parts
            figures.append(named)
        groups = [group for optimiser in optimisers for group in optimiser.param_groups]
        gradients = [weight.grad for group in groups for weight in group["params"] if weight.grad is not None]
        self.processes.average([total, *gradients])
        if not torch.isfinite(total):
            self._skip(what, total.item())
            return
        self._skipped_in_a_row[what] = 0
        self._record(figures)
        factor = schedule(self.step, self.recipe.optimiser)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = factor * optimiser.defaults["lr"]
            optimiser.step()

    def _record(self, parts: Sequence[Mapping[str, Tensor]]) -> None:
        means = {name: torch.stack([part[name].detach() for part in parts]).mean() for name in parts[0]}
        self.recent.add(means)
        self.epoch.add(means)

    def _skip(self, what: str, loss: float) -> None:
        self.skipped += 1
        in_a_row = self._skipped_in_a_row[what] = self._skipped_in_a_row.get(what, 0) + 1
        if in_a_row >= _MOST_SKIPPED:
            raise RunError(
                f"the {what}'s loss is {loss} at step {self.step + 1} and {in_a_row} times in a row; "
                "go on with a lower learning rate: the checkpoints before are sound"
            )

    def check_weights(self) -> None:
        """Raises RunError if a weight is no finite number: such a state must not become a checkpoint."""
        for name, module in self.modules.items():
            if not all(torch.isfinite(tensor).all() for tensor in module.state_dict().values()):
                raise RunError(
                    f"the {name} has weights that are no numbers at step {self.step}; go on with a lower "
                    "learning rate: the checkpoints before are sound"
                )

    @torch.no_grad()
    def _move_average(self) -> None:
        # A young average must forget its random start.
        decay = min(self.recipe.optimiser.ema_decay, (1 + self.step) / (10 + self.step))
        parameters: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(list(self.average.parameters()), parameters, 1 - decay)
        for average, buffer in zip(self.average.buffers(), self.network.buffers(), strict=True):
            average.copy_(buffer)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly from here."""
        return {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "recent": self.recent.state(),
            "epoch": self.epoch.state(),
            "step": self.step,
            "skipped": self.skipped,
            "seconds": self.seconds,
            "psnr_y": self.psnr_y,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from another run's :meth:`state`.

        Raises:
            RunError: if the state is of another stage, network or optimiser.
        """
        try:
            if state["modules"].keys() != self.modules.keys():
                raise KeyError
            for name, module in self.modules.items():
                module.load_state_dict(state["modules"][name])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                # The learning rates and the like are the recipe's, not the checkpoint's.
                optimiser.load_state_dict({**optimiser.state_dict(), "state": saved["state"]})
            self.recent.load(state["recent"])
            self.epoch.load(state["epoch"])
        except (KeyError, ValueError, RuntimeError):
            raise RunError(
                "the checkpoint is of another stage, network or optimiser than the recipe's; "
                "use the run's own config.toml, or --resume never"
            ) from None
        self.random.set_state(state["random"])
        for name in ("step", "skipped", "seconds", "psnr_y"):
            setattr(self, name, state[name])
