"""Recipes: everything that decides what a training run produces, as one TOML file."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Literal

from srgan.networks.architecture import GeneratorConfig
from srgan.training.degradations.options import DegradationOptions, degradation_problems


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What the network sees.

    Attributes:
        crop: width and height of a crop, in low-res pixels.
        batch_size: crops in a step, over all processes.
        accumulation: number of parts in which a batch is computed, with gradients accumulated: takes less
            memory and gives the same result, except that batch norms and the grid loss see one part at a
            time.
        reduced_copies: number of smaller copies of every picture, each with half the pixels of the one
            before, down to a crop: subjects are then seen at several sizes.
        enlarge_small: whether to upscale pictures smaller than a crop by bicubic, instead of refusing them.
        upright: whether to mirror crops left to right only, and never turn them: for faces and other subjects
            with a right way up.
    """

    crop: int = 24
    batch_size: int = 16
    accumulation: int = 1
    reduced_copies: int = 0
    enlarge_small: bool = False
    upright: bool = False

    def steps_per_epoch(self, pictures: int) -> int:
        """Returns how many steps it takes to see as many crops as there are pictures."""
        return math.ceil(pictures / self.batch_size)


@dataclass(frozen=True, kw_only=True)
class OptimiserOptions:
    """How the weights are updated.

    Attributes:
        steps: length of the run in steps; 0 if it is given in epochs.
        epochs: length of the run in passes over the pictures; 0 if it is given in steps.
        kind: "muon" (Muon for convolutions inside the network, AdamW for the rest) or "adamw" (for all).
        learning_rate: peak learning rate of AdamW.
        muon_learning_rate: peak learning rate of Muon.
        weight_decay: weight decay of Muon; without it, the convolutions of a network without norm grow until
            it breaks.
        warmup: share of the steps in which the learning rates rise; then they fall to zero along a cosine.
        ema_decay: decay of the moving average of the weights; the average is what is validated and kept.
    """

    steps: int = 0
    epochs: int = 0
    kind: Literal["muon", "adamw"] = "muon"
    learning_rate: float = 6e-4
    muon_learning_rate: float = 7e-4
    weight_decay: float = 0.1
    warmup: float = 0.05
    ema_decay: float = 0.999


@dataclass(frozen=True, kw_only=True)
class DiscriminatorOptions:
    """The discriminator of the adversarial stage.

    Attributes:
        kind: "srgan" (the paper's, one verdict per crop), "unet" (one per pixel) or "patch" (one per 4x4
            pixels).
        channels: feature maps of the discriminator's first layer.
        learning_rate: peak learning rate of the discriminator's AdamW.
    """

    kind: Literal["srgan", "unet", "patch"] = "srgan"
    channels: int = 64
    learning_rate: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class LossOptions:
    """What is minimised. The first stage uses the pixel loss, at weight 1, the teacher's and the grid's.

    Attributes:
        pixel: pixel loss between result and ground truth, RGB in [0, 1]: "l1" or "mse".
        pixel_weight: weight of the pixel loss.
        consistency_weight: weight of the mean absolute difference of result and ground truth, both
            downscaled.
        features: network for the content loss: "vgg19" (conv5_4, as in the paper), "squeezenet" or "none".
        features_file: ImageNet weights of that network, .pth, .npz or .safetensors; if empty, torchvision's
            file for vgg19 is downloaded once to the cache.
        content_weight: weight of the content loss, the mean squared difference of feature maps.
        adversarial: adversarial loss: "standard" (binary cross-entropy) or "relativistic" (each crop against
            its counterpart).
        adversarial_weight: weight of the adversarial loss.
        feature_matching_weight: weight of the difference between the discriminator's feature maps of result
            and ground truth.
        grid_weight: weight of the losses against a grid: detail that lies unevenly on it, over a batch, or
            repeats along it.
        teacher: model whose results are learned from: a shipped name, or a file, including other programs'
            networks. In the first stage they come beside the ground truth; in the second they take its place
            where the low-res picture is degraded, with the ground truth's colours.
        teacher_weight: weight of the pixel loss between result and teacher's result in the first stage.
        clean_teacher: model whose results take the ground truth's place in the second stage where the low-res
            picture is only downscaled; not an ``.onnx`` file.
        target_sharpening: amount of the unsharp mask by which the second stage sharpens its targets, 0 for
            none; the mask's standard deviation is 1 high-res pixel.
        generated_label: mean of the labels for generated pictures in the discriminator's loss.
        generated_label_deviation: standard deviation of those labels.
    """

    pixel: Literal["l1", "mse"] = "l1"
    pixel_weight: float = 1.0
    consistency_weight: float = 0.0
    features: Literal["none", "vgg19", "squeezenet"] = "none"
    features_file: str = ""
    content_weight: float = 0.0
    adversarial: Literal["standard", "relativistic"] = "standard"
    adversarial_weight: float = 0.0
    feature_matching_weight: float = 0.0
    grid_weight: float = 0.0
    teacher: str = ""
    teacher_weight: float = 0.0
    clean_teacher: str = ""
    target_sharpening: float = 0.0
    generated_label: float = 0.1
    generated_label_deviation: float = 0.05


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How the run is carried out and logged.

    Attributes:
        seed: seed of the initial weights and of the crops.
        precision: "bf16", "fp32" or "auto" (bf16 where the device computes in it natively).
        log_every: steps between rows of log.csv, whose values are means over them.
        validate_every: steps between validations; each also writes a sample picture and the loss plot.
        checkpoint_seconds: seconds between checkpoints.
        keep_checkpoints: number of newest checkpoints to keep.
    """

    seed: int = 0
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    log_every: int = 50
    validate_every: int = 1000
    checkpoint_seconds: float = 120.0
    keep_checkpoints: int = 3


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole training run, except for its pictures.

    Attributes:
        name: name of the model that the run makes.
        stage: "fidelity" (the generator alone) or "adversarial" (against a discriminator).
        start: model whose weights the generator starts from: a shipped name or a .safetensors file; if empty,
            random weights.
        summary: one sentence for the model's card.
        licence: terms of the weights and of the training pictures, for the model's card.
        generator: the network's dimensions.
        data: what the network sees.
        degradation: how low-res pictures are made.
        optimiser: how the generator's weights are updated.
        discriminator: the discriminator of the adversarial stage.
        loss: what is minimised.
        run: how the run is carried out and logged.
    """

    name: str
    summary: str = ""
    licence: str = ""
    stage: Literal["fidelity", "adversarial"] = "fidelity"
    start: str = ""
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    data: DataOptions = field(default_factory=DataOptions)
    degradation: DegradationOptions = field(default_factory=DegradationOptions)
    optimiser: OptimiserOptions = field(default_factory=OptimiserOptions)
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)
    loss: LossOptions = field(default_factory=LossOptions)
    run: RunOptions = field(default_factory=RunOptions)

    def with_steps(self, pictures: int) -> Recipe:
        """Returns the recipe with its length in steps, for a number of training pictures."""
        if not self.optimiser.epochs:
            return self
        steps = self.optimiser.epochs * self.data.steps_per_epoch(pictures)
        return dataclasses.replace(self, optimiser=dataclasses.replace(self.optimiser, steps=steps, epochs=0))

    def to_toml(self) -> str:
        """Returns the recipe, every field given, as TOML."""
        lines = []
        for name, value in dataclasses.asdict(self).items():
            if isinstance(value, dict):
                lines += ["", f"[{name}]", *(_assignment(*item) for item in value.items())]
            else:
                lines.append(_assignment(name, value))
        return "\n".join(lines) + "\n"


def _assignment(key: str, value: object) -> str:
    # Numbers, strings and booleans are written alike in JSON and TOML.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"


def contradictions(recipe: Recipe) -> list[str]:
    """Returns what is wrong with a recipe whose fields all have the right type: one sentence per problem."""
    at_least_one = {
        "generator.blocks": recipe.generator.blocks,
        "generator.channels": recipe.generator.channels,
        "data.crop": recipe.data.crop,
        "data.batch_size": recipe.data.batch_size,
        "data.accumulation": recipe.data.accumulation,
        "run.log_every": recipe.run.log_every,
        "run.validate_every": recipe.run.validate_every,
        "run.keep_checkpoints": recipe.run.keep_checkpoints,
        "discriminator.channels": recipe.discriminator.channels,
    }
    problems = [f"'{key}' is {value}, must be at least 1" for key, value in at_least_one.items() if value < 1]
    shares = {
        "optimiser.warmup": recipe.optimiser.warmup,
        "optimiser.ema_decay": recipe.optimiser.ema_decay,
    }
    if recipe.data.reduced_copies < 0:
        problems.append(f"'data.reduced_copies' is {recipe.data.reduced_copies}, must be at least 0")
    problems += [
        f"'{key}' is {value}, must be in [0, 1)" for key, value in shares.items() if not 0 <= value < 1
    ]
    positive = {
        "optimiser.learning_rate": recipe.optimiser.learning_rate,
        "optimiser.muon_learning_rate": recipe.optimiser.muon_learning_rate,
        "discriminator.learning_rate": recipe.discriminator.learning_rate,
    }
    problems += [f"'{key}' is {value}, must be above 0" for key, value in positive.items() if value <= 0]
    if (recipe.optimiser.steps > 0) == (recipe.optimiser.epochs > 0):
        problems.append("one of 'optimiser.steps' and 'optimiser.epochs' must be above 0, the other 0")
    if recipe.data.batch_size % max(recipe.data.accumulation, 1):
        problems.append("'data.batch_size' must be a multiple of 'data.accumulation'")
    if recipe.generator.architecture == "compact" and recipe.generator.norm != "none":
        problems.append("'generator.norm' must be 'none' for the compact architecture")
    problems += degradation_problems(recipe.degradation, "degradation")
    loss = recipe.loss
    if (loss.features == "none") != (loss.content_weight == 0):
        problems.append("'loss.content_weight' must be above 0 with 'loss.features', and 0 without")
    if loss.features == "squeezenet" and not loss.features_file:
        problems.append("'loss.features_file' is missing: the .npz of SqueezeNet 1.0's ImageNet weights")
    if (recipe.stage == "fidelity" and bool(loss.teacher)) != (loss.teacher_weight > 0):
        problems.append(
            "'loss.teacher_weight' must be above 0 with 'loss.teacher' in the fidelity stage, and 0 otherwise"
        )
    if recipe.stage == "fidelity" and loss.clean_teacher:
        problems.append("'stage' must be 'adversarial' for 'loss.clean_teacher'")
    if loss.target_sharpening < 0:
        problems.append(f"'loss.target_sharpening' is {loss.target_sharpening}, must be at least 0")
    if recipe.stage == "fidelity" and loss.target_sharpening:
        problems.append("'stage' must be 'adversarial' for 'loss.target_sharpening'")
    if recipe.stage == "fidelity" and (loss.features != "none" or loss.adversarial_weight):
        problems.append("'stage' must be 'adversarial' for content and adversarial losses")
    if recipe.discriminator.kind == "unet" and recipe.data.crop % 2:
        problems.append(f"'data.crop' is {recipe.data.crop}, must be even for the U-Net discriminator")
    return problems
