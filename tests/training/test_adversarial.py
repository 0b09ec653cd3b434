import copy
import csv

import numpy as np
import pytest
import scipy.ndimage
import torch
from skimage import data
from tiny_recipes import ADVERSARIAL, TINY
from torch.nn import functional as F

from srgan.errors import ModelError, RunError, UsageError
from srgan.images.resize import low_res_pair
from srgan.networks.blend import find_sibling
from srgan.networks.catalogue import find_model
from srgan.networks.model_file import read_model
from srgan.training.adversarial import AdversarialTrainer
from srgan.training.crops import PictureStore
from srgan.training.losses.adversarial import relativistic_loss
from srgan.training.recipe_file import load_recipe
from srgan.training.run import train
from srgan.training.watch import Watch

SECOND_STAGE = [
    *TINY,
    *ADVERSARIAL,
    "loss.adversarial_weight=1e-3",
    "loss.feature_matching_weight=0.0",
    "optimiser.warmup=0.0",
    "run.log_every=5",
    "run.precision=fp32",
]


def recipe(*changes):
    return load_recipe("srresnet", [*SECOND_STAGE, *changes])


@pytest.fixture(scope="module")
def store():
    return PictureStore([low_res_pair(data.astronaut()[:128, :128], 4)], torch.device("cpu"))


@pytest.mark.parametrize(
    ("kind", "loss"),
    [("srgan", "standard"), ("unet", "standard"), ("patch", "standard"), ("patch", "relativistic")],
)
def test_a_discriminator_with_nobody_to_fool_learns_to_tell_true_from_generated(kind, loss, store):
    changes = [
        f"discriminator.kind={kind}",
        f"loss.adversarial={loss}",
        "discriminator.learning_rate=2e-3",
        "optimiser.learning_rate=1e-9",
        "optimiser.muon_learning_rate=1e-9",
    ]
    run = AdversarialTrainer(recipe(*changes), store, torch.device("cpu"))
    for _ in range(5):
        run.train_step()
    first = run.recent.take(run.processes)
    for _ in range(60):
        run.train_step()
    run.recent.take(run.processes)
    for _ in range(5):
        run.train_step()
    last = run.recent.take(run.processes)
    assert last["discriminator_loss"] < first["discriminator_loss"] - 0.1
    assert last["judged_true"] > last["judged_generated"] + 0.3


def test_the_generator_follows_the_sum_of_its_weighted_losses(store, monkeypatch):
    weights = {"pixel": 0.5, "adversarial": 0.3, "feature_matching": 0.2}
    run = AdversarialTrainer(
        recipe(*(f"loss.{name}_weight={value}" for name, value in weights.items())),
        store,
        torch.device("cpu"),
    )
    totals = {}
    losses_of = run.losses_of

    def watched(parts):
        for losses in losses_of(parts):
            totals.update({who: loss.item() for who, (loss, _) in losses.items()})
            yield losses

    monkeypatch.setattr(run, "losses_of", watched)
    run.train_step()
    means = run.recent.take(run.processes)
    expected = sum(weight * means[f"{name}_loss"] for name, weight in weights.items())
    assert totals["discriminator"] == pytest.approx(means["discriminator_loss"], rel=1e-5)
    assert totals["generator"] == pytest.approx(expected, rel=1e-5)


def textbook_gradients(run, lr_image, hr_image):
    """Of the generator with the discriminator frozen, then of the discriminator by the pictures it made."""
    generator, discriminator = copy.deepcopy(run.network), copy.deepcopy(run.discriminator)
    discriminator.requires_grad_(False)
    sr_image = generator(lr_image)
    logits, maps = discriminator(sr_image)
    pairs = zip(maps, discriminator(hr_image)[1], strict=True)
    matching = torch.stack([F.l1_loss(*pair) for pair in pairs]).mean()
    adversarial = F.softplus(-logits).mean()
    (F.l1_loss(sr_image, hr_image) + 1e-3 * adversarial + 0.2 * matching).backward()
    discriminator.requires_grad_(True)
    generated = discriminator(sr_image.detach())[0]
    # Labels without deviation: 0.1 of "true".
    cross_entropy = 0.1 * F.softplus(-generated) + 0.9 * F.softplus(generated)
    (0.5 * (F.softplus(-discriminator(hr_image)[0]) + cross_entropy).mean()).backward()
    return [weight.grad for network in (generator, discriminator) for weight in network.parameters()]


def test_each_learns_along_the_gradient_of_its_own_loss_against_the_other_as_it_was(store):
    changes = ["loss.feature_matching_weight=0.2", "loss.generated_label_deviation=0.0"]
    run = AdversarialTrainer(recipe(*changes), store, torch.device("cpu"))
    random = run.random.get_state()
    expected = textbook_gradients(run, *run.store.sample(4, 8, run.random))
    run.random.set_state(random)
    run.train_step()
    networks = (run.network, run.discriminator)
    for weight, gradient in zip(
        (weight for network in networks for weight in network.parameters()), expected, strict=True
    ):
        torch.testing.assert_close(weight.grad, gradient, rtol=1e-3, atol=1e-6)


def test_relativistic_losses_compare_each_crop_with_its_counterpart():
    true, generated = torch.tensor([[2.0], [30.0]]), torch.tensor([[1.0], [33.0]])
    expected = -(torch.sigmoid(true - generated).log()).mean()
    assert relativistic_loss(true, generated).item() == pytest.approx(expected.item(), rel=1e-6)
    everywhere = torch.tensor([[5.0], [-7.0]])  # what is in the picture
    same = relativistic_loss(true + everywhere, generated + everywhere)
    assert same.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize(
    ("bias", "expected"), [(None, "the discriminator has won"), (0.0, "the discriminator has died")]
)
def test_a_discriminator_that_wins_or_dies_is_reported_once(bias, expected, store):
    rate = 3e-3 if bias is None else 1e-12
    changes = ["optimiser.learning_rate=1e-9", "optimiser.muon_learning_rate=1e-9"]
    run = AdversarialTrainer(
        recipe(*changes, f"discriminator.learning_rate={rate}", "discriminator.channels=8"),
        store,
        torch.device("cpu"),
    )
    if bias is not None:  # what it says is the same for all pictures
        torch.nn.init.zeros_(run.discriminator.dense[-1].weight)
    watch = Watch(run)
    notices = []
    for _ in range(40):
        run.train_step()
        run.train_step()
        notices.append(watch.notice(run.recent.take(run.processes)))
    said = [notice for notice in notices if notice]
    assert len(said) == 1
    assert said[0].startswith("step ")
    assert expected in said[0]
    assert notices[0] is None  # one row may be chance


def test_the_second_stage_starts_from_a_model_and_logs_every_loss(photos, tmp_path):
    first = train(load_recipe("srresnet", [*TINY, "optimiser.steps=3"]), photos, None, tmp_path / "first")
    result = train(recipe(f"start='{first.model}'", "optimiser.steps=5"), photos, photos, tmp_path / "second")
    assert result.finished
    with (tmp_path / "second" / "log.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert next(iter(row)) == "step"
    for name in ("discriminator_loss", "adversarial_loss", "judged_true", "judged_generated"):
        assert float(row[name]) > 0
    with pytest.raises(RunError, match="another stage"):
        train(recipe("stage=fidelity", "loss.adversarial_weight=0.0"), photos, None, tmp_path / "second")


def test_teachers_draw_what_the_second_stage_takes_for_real(store, photos, tmp_path):
    teachers = ["loss.teacher=fast", "loss.clean_teacher=fast"]
    changes = [*teachers, "degradation.rounds=1", "degradation.clean=0.5"]
    batch = store.sample(4, 8, torch.Generator().manual_seed(0))
    (taught,) = AdversarialTrainer(recipe(*changes), store, torch.device("cpu")).losses_of([batch])
    (true,) = AdversarialTrainer(recipe(), store, torch.device("cpu")).losses_of([batch])
    assert taught["generator"][1]["pixel_loss"] != true["generator"][1]["pixel_loss"]
    result = train(recipe(*changes, "optimiser.steps=1"), photos, None, tmp_path / "run")
    (teacher,) = read_model(result.model)[0].taught_by
    assert teacher["network"] == "fast"


def test_targets_are_sharpened(store):
    run = AdversarialTrainer(recipe("loss.target_sharpening=0.8"), store, torch.device("cpu"))
    lr_image, hr_image = store.sample(4, 8, torch.Generator().manual_seed(0))
    (losses,) = run.losses_of([(lr_image, hr_image)])
    blurred = scipy.ndimage.gaussian_filter(hr_image.numpy(), (0, 0, 1, 1), mode="mirror", truncate=5)
    target = (hr_image.numpy() + 0.8 * (hr_image.numpy() - blurred)).clip(0, 1)
    expected = np.abs(run.network(lr_image).detach().numpy() - target).mean()
    assert losses["generator"][1]["pixel_loss"].item() == pytest.approx(expected, rel=1e-3)
    assert np.abs(target - hr_image.numpy()).mean() > 1e-3


def test_a_model_that_goes_on_from_a_shipped_one_can_be_blended_with_it(photos, tmp_path):
    shipped = ["generator.blocks=16", "generator.channels=64", "start=srresnet", "data.batch_size=1"]
    result = train(recipe(*shipped, "optimiser.steps=1"), photos, None, tmp_path / "run")
    assert read_model(result.model)[0].fidelity == "srresnet"
    assert find_sibling(result.model, "fidelity") == find_model("srresnet")


def test_a_start_of_other_dimensions_is_refused(photos, tmp_path):
    with pytest.raises(UsageError, match="make them agree"):
        train(recipe("start=srresnet"), photos, None, tmp_path / "run")


def test_features_need_their_file(store, tmp_path):
    changes = ["loss.features=squeezenet", "loss.content_weight=1.0"]
    with pytest.raises(UsageError, match=r"'loss\.features_file' is missing"):
        recipe(*changes)
    with pytest.raises(ModelError, match="no such file of feature weights"):
        AdversarialTrainer(
            recipe(*changes, f"loss.features_file='{tmp_path / 'none.npz'}'"), store, torch.device("cpu")
        )


def test_losses_and_stage_must_agree():
    with pytest.raises(UsageError) as error:
        load_recipe("srresnet", ["loss.adversarial_weight=0.1", "loss.content_weight=1.0"])
    assert "'stage' must be 'adversarial'" in str(error.value)
    assert "'loss.content_weight' must be above 0 with 'loss.features', and 0 without" in str(error.value)
    with pytest.raises(UsageError, match=r"'stage' must be 'adversarial' for 'loss\.target_sharpening'"):
        load_recipe("srresnet", ["loss.target_sharpening=0.5"])
    with pytest.raises(UsageError, match="must be at least 0"):
        recipe("loss.target_sharpening=-1.0")


def test_without_vgg19s_file_and_offline_one_line_names_the_options(store, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*_arguments, **_options):
        raise OSError("network is unreachable")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(
        ModelError, match=r"cannot be downloaded .* loss\.features_file, or set loss\.features"
    ):
        AdversarialTrainer(
            recipe("loss.features=vgg19", "loss.content_weight=1.0"), store, torch.device("cpu")
        )


def test_the_mean_of_labels_is_the_recipes(store):
    run = AdversarialTrainer(recipe("loss.generated_label=0.4"), store, torch.device("cpu"))
    # A discriminator that says 0.5 to everything pays log 2 whatever the labels; one that is sure of a
    # generated picture pays for the distance to 0.4.
    with torch.no_grad():
        for parameter in run.discriminator.dense[-1].parameters():
            parameter.zero_()
    run.discriminator.dense[-1].bias.data.fill_(-2.0)
    run.train_step()
    loss = run.recent.take(run.processes)["discriminator_loss"]
    sure = 1 / (1 + np.exp(2.0))
    expected = 0.5 * (-np.log(sure) - 0.4 * np.log(sure) - 0.6 * np.log(1 - sure))
    assert loss == pytest.approx(expected, abs=0.05)
