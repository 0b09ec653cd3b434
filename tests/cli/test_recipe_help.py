"""``srgan train --help`` explains the recipe's fields."""

import tomllib

from srgan.cli.recipe_help import recipe_fields
from srgan.training.recipe import Recipe


def test_every_field_of_a_recipe_is_explained(srgan, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = " ".join(srgan("train", "--help").out.split())
    written = tomllib.loads(Recipe(name="x").to_toml())
    names = [
        f"{name}.{key}" if isinstance(value, dict) else name
        for name, value in written.items()
        for key in (value if isinstance(value, dict) else [name])
    ]
    explained = {name: (default, meaning) for name, default, meaning in recipe_fields(Recipe)}
    assert list(explained) == names
    for name, (_, meaning) in explained.items():
        assert name in shown
        assert len(meaning) > 5
    assert "optimiser.warmup = 0.05 share of the steps in which the learning rates rise" in shown
    assert explained["data.accumulation"] == (
        "1",
        "number of parts in which a batch is computed, with gradients accumulated: takes less memory and "
        "gives the same result, except that batch norms and the grid loss see one part at a time.",
    )
