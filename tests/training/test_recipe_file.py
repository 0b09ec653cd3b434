import dataclasses
import itertools
import tomllib

import pytest

from srgan.errors import UsageError
from srgan.networks.catalogue import list_models, load_card
from srgan.training.recipe import Recipe
from srgan.training.recipe_file import list_recipes, load_recipe


@pytest.mark.parametrize("name", list_recipes())
def test_shipped_recipes_survive_being_written_and_read(name, tmp_path):
    recipe = load_recipe(name)
    assert recipe.name == name
    (tmp_path / "config.toml").write_text(recipe.to_toml(), encoding="utf-8")
    assert load_recipe(str(tmp_path / "config.toml")) == recipe


RECIPES = {"srgan": "srgan-offline"}


def runs_of(name):
    """The runs that led to a shipped model, the last first; blends are left out."""
    return [step for step in reversed(load_card(name).steps) if "blend" not in step]


@pytest.mark.parametrize("name", list_models())
def test_cards_tell_every_run_from_the_first_weights_on(name):
    starts = [run["recipe"]["start"] for run in runs_of(name)]
    names = [run["recipe"]["name"] for run in runs_of(name)]
    assert starts[-1] == ""
    for start, before in zip(starts, names[1:], strict=False):
        assert start in (before, "generator.safetensors")  # a model that does not ship is known by its file
    for run in runs_of(name):
        assert run["data"]
        assert min(run["pictures"], run["steps"], run["hours"]) > 0


@pytest.mark.parametrize("name", list_models())
def test_shipped_models_were_trained_by_their_recipes(name):
    """Each recipe made one of the runs in its name; the others had settings of their own."""
    runs = own_runs(name)
    for recipe_name in {run["recipe"]["name"] for run in runs}:
        recipe = load_recipe(RECIPES.get(recipe_name, recipe_name), [f"name={recipe_name}"])
        expected = dataclasses.asdict(recipe)
        assert any(
            is_by(expected, run["recipe"]) and run["steps"] == expected["optimiser"]["steps"]
            for run in runs
            if run["recipe"]["name"] == recipe_name
        )


def own_runs(name):
    """The runs since the last shipped model that it started from, which may be replaced since."""
    others = {*list_models()} - {name}
    return list(itertools.takewhile(lambda run: run["recipe"]["name"] not in others, runs_of(name)))


def is_by(expected, recorded):
    """Whether a recorded recipe is the expected one, but for its start, summary, logs and checkpoints."""
    if "kind" in recorded["generator"]:  # as recipes called it when these were trained
        recorded["generator"]["architecture"] = recorded["generator"].pop("kind")
    if recorded["optimiser"]["kind"] == "adamw":
        for field in ("muon_learning_rate", "weight_decay"):  # Muon's alone
            recorded["optimiser"].pop(field)
    recorded["run"] = {field: recorded["run"][field] for field in ("seed", "precision")}
    return all(
        value.items() <= expected[field].items()  # a card may be older than some of the section's fields
        if isinstance(value, dict)
        else value == expected[field]
        for field, value in recorded.items()
        if field not in ("start", "summary")
    )


def test_every_field_is_written():
    sections = tomllib.loads(Recipe(name="x").to_toml())
    assert sections["generator"] == {"architecture": "srresnet", "blocks": 16, "channels": 64, "norm": "none"}
    scalars = {"name", "summary", "licence", "stage", "start"}
    tables = {"generator", "data", "degradation", "optimiser", "discriminator", "loss", "run"}
    assert set(sections) == scalars | tables


def test_changes_go_before_the_file():
    recipe = load_recipe("srresnet", ["optimiser.steps=7", "loss.pixel=mse", "optimiser.learning_rate=1"])
    assert recipe.optimiser.steps == 7
    assert recipe.loss.pixel == "mse"
    assert recipe.optimiser.learning_rate == 1.0


def test_all_problems_are_reported_at_once_with_the_nearest_name():
    with pytest.raises(UsageError) as error:
        load_recipe(
            "srresnet",
            ["optimiser.step=7", "data.crop=big", "loss.pixel=l3", "generator.norm=1"],
        )
    message = str(error.value)
    assert "unknown key 'optimiser.step', did you mean 'optimiser.steps'?" in message
    assert "'data.crop' is 'big', must be of type int" in message
    assert "'loss.pixel' is 'l3', must be one of 'l1', 'mse'" in message
    assert "'generator.norm' is 1, must be one of 'batch', 'none'" in message
    assert "\n" not in message


def test_contradictions_are_reported_at_once():
    with pytest.raises(UsageError) as error:
        load_recipe("srresnet", ["optimiser.steps=0", "optimiser.warmup=1.5", "optimiser.learning_rate=-1.0"])
    for part in (
        "one of 'optimiser.steps' and 'optimiser.epochs'",
        "'optimiser.warmup' is 1.5",
        "'optimiser.learning_rate' is -1.0",
    ):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("recipe", "changes", "expected"),
    [
        (
            "nosuch",
            [],
            f"unknown recipe 'nosuch'; there are: {', '.join(list_recipes())}",
        ),
        ("srresnet", ["steps"], "steps: write it as section.key=value"),
        ("srresnet", ["name.x=1"], "'name' is not a section"),
        ("missing.toml", [], "missing.toml"),
    ],
)
def test_wrong_requests(recipe, changes, expected):
    with pytest.raises(UsageError, match=expected):
        load_recipe(recipe, changes)


def test_a_file_that_is_not_toml(tmp_path):
    (tmp_path / "bad.toml").write_text("name = = 1")
    with pytest.raises(UsageError, match="not a readable TOML file"):
        load_recipe(str(tmp_path / "bad.toml"))


def test_a_missing_field_and_a_section_that_is_none(tmp_path):
    (tmp_path / "bad.toml").write_text("data = 3")
    with pytest.raises(UsageError) as error:
        load_recipe(str(tmp_path / "bad.toml"))
    assert "'name' is missing" in str(error.value)
    assert "'data' must be a section" in str(error.value)
