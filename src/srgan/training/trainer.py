"""What a training step does, in either stage, and what a run's checkpoints hold."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from srgan.errors import RunError
from srgan.training.batch_norm import share_batch_norms
from srgan.training.crops import PictureStore
from srgan.training.means import Means
from srgan.training.processes import Processes
from srgan.training.recipe import Recipe
from srgan.training.setup import autocast_dtype, load_teacher, schedule, start_network
from srgan.training.teaching import Teacher

Part = tuple[Tensor, Tensor]
"""Low-res pictures and their ground truth."""

Loss = tuple[Tensor, Mapping[str, Tensor]]
"""The loss to minimise, and the log's figures that go with it."""

Losses = Mapping[str, Loss]
"""The loss of each network that learns, named as in :attr:`Trainer.learners`."""

_MOST_SKIPPED = 20
"""Updates in a row without a finite loss after which the weights are taken to be broken."""

_Module = TypeVar("_Module", bound=nn.Module)


class Trainer(ABC):
    """Trains a generator. Each stage defines which networks learn, and, in :meth:`losses_of`, from what.

    Args:
        recipe: everything but the pictures.
        store: the training pictures, or this process's share of them.
        device: where to compute.
        processes: the run's.
        teacher: stands in for the recipe's teacher; None to load that network.

    Attributes:
        losses: names of the figures that go with the losses.
        network: the generator.
        average: the moving average of the generator's weights.
        teacher: the network to learn from, or None.
        modules: all that learns, and the average; what a checkpoint holds.
        learners: the optimisers of each network that learns, by its name in words.
        recent: means of the figures since the last row of the log.
        epoch: means of the figures in this epoch.
        step: steps done.
        skipped: updates skipped because a loss was not finite.
        seconds: time spent, over all calls.
        psnr_y: PSNR of the last validation in dB, or None.
        notice: what to tell the user about the start of the run, or None.
    """

    losses: Sequence[str]

    def __init__(
        self,
        recipe: Recipe,
        store: PictureStore,
        device: torch.device,
        processes: Processes | None = None,
        teacher: Teacher | None = None,
    ) -> None:
        torch.manual_seed(recipe.run.seed)
        self.recipe = recipe
        self.store = store
        self.device = device
        self.processes = processes or Processes()
        self.dtype = autocast_dtype(recipe.run.precision, device)
        self.network = self.place(start_network(recipe.generator, recipe.start))
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        if recipe.loss.teacher and teacher is None:
            teacher = self.open_teacher(recipe.loss.teacher)
        self.teacher = teacher
        self.modules: dict[str, nn.Module] = {"network": self.network, "average": self.average}
        self.learners: dict[str, list[torch.optim.Optimizer]] = {}
        self.random = torch.Generator().manual_seed(recipe.run.seed)
        self.recent = Means(self.losses, device)
        self.epoch = Means(self.losses, device)
        self.step = 0
        self.skipped = 0
        self.seconds = 0.0
        self.psnr_y: float | None = None
        self.notice: str | None = None
        self._skipped_in_a_row: dict[str, int] = {}

    @abstractmethod
    def losses_of(self, parts: Sequence[Part]) -> Iterator[Losses]:
        """Returns the losses of a batch, part by part.

        Args:
            parts: low-res crops (n, 3, crop, crop), and their ground truth (n, 3, scale crop, scale crop).
        """

    @property
    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Returns all of the run's optimisers."""
        return list(chain.from_iterable(self.learners.values()))

    def concern(self, _means: Mapping[str, float], /) -> str | None:
        """Returns a warning that the means of some steps give reason for; None while all goes well."""
        return None

    def place(self, module: _Module) -> _Module:
        """Moves a module to the run's device, in channels-last layout; batch norms see the whole batch."""
        if self.processes.count > 1:
            share_batch_norms(module, self.processes)
        return convert_conv2d_weight_memory_format(module.to(self.device), torch.channels_last)

    def open_teacher(self, model: str) -> Teacher:
        """Loads a network to learn from.

        Returns:
            A function that computes like the run's own networks, on the run's device, without gradients.
        """
        network = load_teacher(model, self.recipe.generator.scale)
        network = self.place(network).requires_grad_(False).eval()

        def draw(lr_image: Tensor) -> Tensor:
            with self.autocast(), torch.no_grad():
                return cast(Tensor, network(lr_image)).float()

        return draw

    def train_step(self) -> None:
        """Runs one step: a batch, a step of every optimiser, the average of the weights."""
        data = self.recipe.data
        lr_image, hr_image = self.store.sample(data.batch_size, data.crop, self.random)
        parts = data.accumulation
        self._minimise(self.losses_of(list(zip(lr_image.chunk(parts), hr_image.chunk(parts), strict=True))))
        self._move_average()
        self.step += 1

    def autocast(self) -> torch.autocast:
        """Returns the context in which networks compute."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def _minimise(self, parts: Iterable[Losses]) -> None:
        """Steps every optimiser on its learner's loss, whose parts free their memory one after the other.

        All losses are computed with the weights from before the step.
        """
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        weights = {who: _weights(optimisers) for who, optimisers in self.learners.items()}
        totals = {who: torch.zeros((), device=self.device) for who in self.learners}
        figures: dict[str, list[Mapping[str, Tensor]]] = {who: [] for who in self.learners}
        accumulation = self.recipe.data.accumulation
        for losses in parts:
            for index, (who, (loss, named)) in enumerate(losses.items(), 1):
                # What a loss shares with the next, the discriminator's verdicts, is computed only once.
                (loss / accumulation).backward(inputs=weights[who], retain_graph=index < len(losses))
                totals[who] += loss.detach() / accumulation
                figures[who].append(named)
        for who in self.learners:
            self._update(who, totals[who], figures[who])

    def _update(self, who: str, loss: Tensor, parts: Sequence[Mapping[str, Tensor]]) -> None:
        """Steps a learner's optimisers along its gradients, at the scheduled rate.

        The update is skipped, and counted, if the loss is not finite in any process.

        Raises:
            RunError: if too many steps in a row were skipped.
        """
        optimisers = self.learners[who]
        gradients = [weight.grad for weight in _weights(optimisers) if weight.grad is not None]
        self.processes.average([loss, *gradients])
        if not torch.isfinite(loss):
            self._skip(who, loss.item())
            return
        self._skipped_in_a_row[who] = 0
        self._record(parts)
        factor = schedule(self.step, self.recipe.optimiser)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = factor * optimiser.defaults["lr"]
            optimiser.step()

    def _record(self, parts: Sequence[Mapping[str, Tensor]]) -> None:
        means = {name: torch.stack([part[name].detach() for part in parts]).mean() for name in parts[0]}
        self.recent.add(means)
        self.epoch.add(means)

    def _skip(self, who: str, loss: float) -> None:
        self.skipped += 1
        in_a_row = self._skipped_in_a_row[who] = self._skipped_in_a_row.get(who, 0) + 1
        if in_a_row >= _MOST_SKIPPED:
            raise RunError(
                f"the {who}'s loss is {loss} at step {self.step + 1}, {in_a_row} times in a row; "
                "continue from an earlier checkpoint with a lower learning rate"
            )

    def check_weights(self) -> None:
        """Raises RunError if a weight is not finite: such a state must not become a checkpoint."""
        for name, module in self.modules.items():
            if not all(torch.isfinite(tensor).all() for tensor in module.state_dict().values()):
                raise RunError(
                    f"the {name} has weights that are not finite at step {self.step}; continue from an "
                    "earlier checkpoint with a lower learning rate"
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
        """Returns everything needed to continue exactly from here."""
        return {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            # Their settings are not kept: the learning rates and the like are the recipe's.
            "optimisers": [{"state": optimiser.state_dict()["state"]} for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "recent": self.recent.state(),
            "epoch": self.epoch.state(),
            "step": self.step,
            "skipped": self.skipped,
            "seconds": self.seconds,
            "psnr_y": self.psnr_y,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continues from another run's :meth:`state`.

        Raises:
            RunError: if the state belongs to another stage, network or optimiser.
        """
        try:
            if state["modules"].keys() != self.modules.keys():
                raise KeyError
            for name, module in self.modules.items():
                module.load_state_dict(state["modules"][name])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict({**optimiser.state_dict(), "state": saved["state"]})
            self.recent.load(state["recent"])
            self.epoch.load(state["epoch"])
        except (KeyError, ValueError, RuntimeError):
            raise RunError(
                "the checkpoint is for another stage, network or optimiser than the recipe's; use the run's "
                "own config.toml, or start anew with 'never'",
                field="resume",
            ) from None
        self.random.set_state(state["random"])
        for name in ("step", "skipped", "seconds", "psnr_y"):
            setattr(self, name, state[name])


def _weights(optimisers: Iterable[torch.optim.Optimizer]) -> list[Tensor]:
    groups = chain.from_iterable(optimiser.param_groups for optimiser in optimisers)
    return list(chain.from_iterable(group["params"] for group in groups))
