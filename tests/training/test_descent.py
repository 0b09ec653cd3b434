"""What a model's card says of the models before it."""

import dataclasses
import json

import pytest
from PIL import Image
from skimage import data
from tiny_recipes import TINY

from srgan.errors import DataError
from srgan.networks.catalogue import load_card
from srgan.networks.model_file import read_card, write_model
from srgan.training.descent import TEACHER_FILE, descent, drawn_pictures
from srgan.training.recipe_file import load_recipe
from srgan.training.run import train

UNTAUGHT = ["loss.teacher="]
TEACHER = {"network": "large", "licence": "BSD-3-Clause", "pictures": "2 of some"}


def test_a_first_run_descends_from_nothing():
    found = descent(load_recipe("srresnet"), [])
    assert found == {"history": [], "taught_by": [], "fidelity": "", "grain": ""}


def test_siblings_are_the_shipped_models_that_a_run_went_on_from(tmp_path, tiny_tensors, tiny_card):
    cleaned = descent(load_recipe("photo-fidelity"), [])
    assert (cleaned["fidelity"], cleaned["grain"]) == ("", "srresnet")
    assert cleaned["history"] == load_card("srresnet").steps
    invented = descent(load_recipe("srgan-offline"), [])
    assert (invented["fidelity"], invented["grain"]) == ("srresnet", "")
    # Drawn pictures are invented too; the two runs of a chain share the sibling.
    taught = descent(load_recipe("photo-taught", UNTAUGHT), [TEACHER])
    assert taught["fidelity"] == "photo-fidelity"
    card = dataclasses.replace(tiny_card, **taught, training={"steps": 1})
    write_model(tmp_path / "a.safetensors", tiny_tensors, card)
    last = descent(load_recipe("photo", [*UNTAUGHT, f"start='{tmp_path / 'a.safetensors'}'"]), [])
    assert last["fidelity"] == "photo-fidelity"
    assert last["taught_by"] == [TEACHER]
    assert last["history"] == [*taught["history"], {"steps": 1}]


def test_a_sibling_beside_the_start_is_not_one_beside_the_result(tmp_path, tiny_tensors, tiny_card):
    card = dataclasses.replace(tiny_card, fidelity="beside.safetensors", grain="beside.safetensors")
    write_model(tmp_path / "a.safetensors", tiny_tensors, card)
    found = descent(load_recipe("photo", [*UNTAUGHT, f"start='{tmp_path / 'a.safetensors'}'"]), [])
    assert (found["fidelity"], found["grain"]) == ("", "")


def test_the_card_names_the_networks_that_taught(tmp_path, cache, tiny_model):  # noqa: ARG001
    (tmp_path / "true" / "below").mkdir(parents=True)
    Image.fromarray(data.astronaut()[:96, :96]).save(tmp_path / "true" / "below" / "a.png")
    (tmp_path / "true" / "below" / TEACHER_FILE).write_text(json.dumps([TEACHER]), encoding="utf-8")
    teacher = ["data.batch_size=1", "optimiser.steps=1", "loss.teacher=fast", "loss.teacher_weight=1.0"]
    result = train(load_recipe("srresnet", [*TINY, *teacher]), tmp_path / "true", None, tmp_path / "run")
    drawn, online = read_card(result.model).taught_by
    assert drawn == TEACHER
    assert online == {
        "network": "fast",
        "licence": load_card("fast").licence,
        "pictures": "those of the run",
    }


@pytest.mark.parametrize("text", ["{", "3", '[{"network": "x"}]', '{"network": "x"}', "[" * 100_000])
def test_a_damaged_word_about_a_teacher_is_refused(tmp_path, text):
    (tmp_path / TEACHER_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"teacher\.json: does not say which networks"):
        drawn_pictures(tmp_path)
