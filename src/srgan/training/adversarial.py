"""The second stage: the generator against a discriminator, with a perceptual loss (arXiv 1609.04802, 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from srgan.training.crops import PictureStore
from srgan.training.degradations.filters import unsharp_mask
from srgan.training.discriminator_file import start_discriminator
from srgan.training.losses.adversarial import (
    discriminator_loss,
    draw_labels,
    generator_loss,
    relativistic_loss,
)
from srgan.training.losses.content import content_loss, feature_matching_loss
from srgan.training.losses.grid import grid_loss
from srgan.training.losses.pixel import consistency_loss, pixel_loss
from srgan.training.networks.discriminator import Discriminator, PatchDiscriminator, UNetDiscriminator
from srgan.training.networks.features import (
    SqueezeFeatures,
    VGGFeatures,
    download_vgg19,
    read_feature_weights,
)
from srgan.training.processes import Processes
from srgan.training.recipe import Recipe
from srgan.training.setup import make_optimisers
from srgan.training.teaching import Teacher, taught_targets
from srgan.training.trainer import Loss, Losses, Part, Trainer

_SHARPENING = 1.0
"""Standard deviation of the unsharp mask on targets, in high-res pixels: the width of an edge."""

_SURE, _ALIKE = 0.97, 0.02
"""Mean verdicts from which a discriminator has won, and within which it has died."""

Verdict = tuple[Tensor, Sequence[Tensor]]
"""A discriminator's logits, and its feature maps."""


def make_discriminator(recipe: Recipe) -> nn.Module:
    """Returns the recipe's discriminator, for the recipe's crops."""
    options = recipe.discriminator
    if options.kind == "unet":
        return UNetDiscriminator(options.channels)
    if options.kind == "patch":
        return PatchDiscriminator(options.channels)
    return Discriminator(recipe.data.crop * recipe.generator.scale, options.channels)


def make_features(recipe: Recipe) -> nn.Module | None:
    """Returns the network whose feature maps the content loss compares, or None.

    Raises:
        ModelError: if its weights cannot be read, or belong to another network.
    """
    options = recipe.loss
    if options.features == "none":
        return None
    path = Path(options.features_file).expanduser() if options.features_file else download_vgg19()
    kind = VGGFeatures if options.features == "vgg19" else SqueezeFeatures
    return kind(read_feature_weights(path))


class AdversarialTrainer(Trainer):
    """The second stage: generator and discriminator learn, each against the other as it is.

    Args:
        recipe, store, device, processes, teacher: see :class:`~srgan.training.trainer.Trainer`.
    """

    losses = (
        "discriminator_loss",
        "content_loss",
        "adversarial_loss",
        "pixel_loss",
        "feature_matching_loss",
        "consistency_loss",
        "grid_loss",
        "judged_true",
        "judged_generated",
    )

    def __init__(
        self,
        recipe: Recipe,
        store: PictureStore,
        device: torch.device,
        processes: Processes | None = None,
        teacher: Teacher | None = None,
    ) -> None:
        super().__init__(recipe, store, device, processes, teacher)
        clean_teacher = recipe.loss.clean_teacher
        self.clean_teacher = self.open_teacher(clean_teacher) if clean_teacher else None
        discriminator = make_discriminator(recipe)
        if recipe.start:
            self.notice = start_discriminator(discriminator, recipe.start)
        self.discriminator = self.place(discriminator)
        self.modules["discriminator"] = self.discriminator
        features = make_features(recipe)
        self.features = self.place(features) if features else None
        rate = recipe.discriminator.learning_rate
        judges = torch.optim.AdamW(self.discriminator.parameters(), lr=rate, weight_decay=0.0, fused=True)
        generators = make_optimisers(self.network, recipe.optimiser, self.dtype)
        self.learners = {"generator": generators, "discriminator": [judges]}

    def losses_of(self, parts: Sequence[Part]) -> Iterator[Losses]:
        """Yields the generator's and the discriminator's losses, from the same verdicts."""
        options = self.recipe.loss
        labels = draw_labels(
            self.recipe.data.batch_size,
            options.generated_label,
            options.generated_label_deviation,
            self.random,
        )
        chunks = labels[self.processes.share].to(self.device).chunk(len(parts))
        for (lr_image, hr_image), label in zip(parts, chunks, strict=True):
            yield self._losses(lr_image, hr_image, label)

    def _losses(self, lr_image: Tensor, hr_image: Tensor, labels: Tensor) -> Losses:
        hr_image = self._targets(lr_image, hr_image)
        with self.autocast():
            sr_image = self.network(lr_image).float()
            true, generated = self.discriminator(hr_image), self.discriminator(sr_image)
        return {
            "discriminator": self._discriminator_loss(true, generated, labels),
            "generator": self._generator_loss(sr_image, hr_image, generated, true),
        }

    def _targets(self, lr_image: Tensor, hr_image: Tensor) -> Tensor:
        """Returns what results are compared with: ground truth or teachers' results, sharpened or not."""
        options = self.recipe.loss
        if self.teacher or self.clean_teacher:
            scale = self.recipe.generator.scale
            hr_image = taught_targets(lr_image, hr_image, scale, self.teacher, self.clean_teacher)
        if options.target_sharpening:
            hr_image = unsharp_mask(hr_image, options.target_sharpening, _SHARPENING)
        return hr_image

    def _generator_loss(self, sr_image: Tensor, hr_image: Tensor, generated: Verdict, true: Verdict) -> Loss:
        options = self.recipe.loss
        figures = {
            "content_loss": self._content(sr_image, hr_image),
            "adversarial_loss": self._adversarial(generated[0].float(), true[0].float()),
            "pixel_loss": pixel_loss(sr_image, hr_image, options.pixel),
        }
        if options.feature_matching_weight:
            figures["feature_matching_loss"] = feature_matching_loss(generated[1], true[1])
        if options.consistency_weight:
            figures["consistency_loss"] = consistency_loss(sr_image, hr_image, self.recipe.generator.scale)
        if options.grid_weight:
            scale = self.recipe.generator.scale
            figures["grid_loss"] = grid_loss(sr_image, hr_image, scale, self.processes.mean)
        weights = {name: getattr(options, name.removesuffix("loss") + "weight") for name in figures}
        loss = torch.stack([weights[name] * figure for name, figure in figures.items()]).sum()
        return loss, figures

    def _adversarial(self, generated: Tensor, true: Tensor) -> Tensor:
        if self.recipe.loss.adversarial == "relativistic":
            return relativistic_loss(generated, true)
        return generator_loss(generated)

    def _discriminator_loss(self, true: Verdict, generated: Verdict, labels: Tensor) -> Loss:
        true_logits, generated_logits = true[0].float(), generated[0].float()
        if self.recipe.loss.adversarial == "relativistic":
            loss = relativistic_loss(true_logits, generated_logits)
            # Only which of the two looks more real is judged.
            true_logits = true_logits - generated_logits
            generated_logits = -true_logits
        else:
            loss = discriminator_loss(true_logits, generated_logits, labels)
        return loss, {
            "discriminator_loss": loss,
            "judged_true": true_logits.sigmoid().mean(),
            "judged_generated": generated_logits.sigmoid().mean(),
        }

    def _content(self, sr_image: Tensor, hr_image: Tensor) -> Tensor:
        if self.features is None:
            return sr_image.new_zeros(())
        with self.autocast():
            sr_features = self.features(sr_image)
            with torch.no_grad():
                hr_features = self.features(hr_image)
        return content_loss([maps.float() for maps in sr_features], [maps.float() for maps in hr_features])

    def concern(self, means: Mapping[str, float]) -> str | None:
        """Returns a warning if the discriminator has won or died: the generator then learns nothing."""
        if not {"judged_true", "judged_generated"} <= means.keys():
            return None
        true, generated = means["judged_true"], means["judged_generated"]
        if true > _SURE and generated < self.recipe.loss.generated_label + 1 - _SURE:
            return (
                "the discriminator has won: it nearly always tells real pictures from generated ones; lower "
                "discriminator.learning_rate, or raise loss.adversarial_weight"
            )
        if abs(true - generated) < _ALIKE:
            return (
                "the discriminator has died: it judges real and generated pictures alike; raise "
                "discriminator.learning_rate, or lower loss.adversarial_weight"
            )
        return None
