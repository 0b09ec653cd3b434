"""scripts/ship_model: two models as one, whose card says so."""

import dataclasses
import runpy
from pathlib import Path

import numpy as np

from srgan.networks.model_file import read_card, read_model, write_model

SCRIPT = Path(__file__).parents[2] / "scripts" / "ship_model"


def test_a_blend_tells_its_shares_and_the_runs_of_both(tiny_model, tiny_pair):
    first, last = {"steps": 1}, {"steps": 2}
    teacher = {"network": "large", "licence": "BSD-3-Clause", "pictures": "all"}
    for path, fields in (
        (tiny_model, {"training": first, "taught_by": [teacher]}),
        (tiny_pair, {"training": last, "history": [first]}),
    ):
        card, tensors = read_model(path)
        write_model(path, tensors, dataclasses.replace(card, **fields))
    card, tensors = runpy.run_path(str(SCRIPT))["blended"](tiny_pair, tiny_model, 0.25)
    assert card.training == {
        "blend": [{"model": "detailed", "share": 0.75}, {"model": "tiny", "share": 0.25}]
    }
    assert card.history == [first, last]
    assert card.taught_by == [teacher]
    assert (card.name, card.fidelity) == ("detailed", read_card(tiny_pair).fidelity)
    one, other = read_model(tiny_pair)[1], read_model(tiny_model)[1]
    name = "blocks.0.conv1.weight"
    np.testing.assert_allclose(tensors[name], 0.75 * one[name] + 0.25 * other[name], atol=1e-3)
    assert tensors[name].dtype == np.float16
