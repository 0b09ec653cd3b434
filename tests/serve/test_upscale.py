"""``POST /v1/upscale``: what programs send and get."""

import base64
import hashlib
import io
import time

import numpy as np
import pytest
from PIL import Image


def opened(response):
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.content))


def test_a_raw_body_gives_the_models_own_result_in_the_format_of_the_input(client, png, expected):
    response = client.post("/v1/upscale?model=tiny&name=holiday.png", content=png)
    assert response.headers["content-type"] == "image/png"
    assert 'filename="holiday-x4.png"' in response.headers["content-disposition"]
    assert np.abs(np.asarray(opened(response)).astype(int) - expected).max() <= 1
    digest = base64.b64encode(hashlib.sha256(response.content).digest()).decode()
    assert response.headers["repr-digest"] == f"sha-256=:{digest}:"


def test_a_form_gives_the_same_and_its_fields_are_options(client, png, expected):
    files, data = {"file": ("a.png", png, "image/png")}, {"model": "tiny", "format": "tiff"}
    response = client.post("/v1/upscale", files=files, data=data)
    assert response.headers["content-type"] == "image/tiff"
    assert np.abs(np.asarray(opened(response)).astype(int) - expected).max() <= 1


def test_fields_count_more_than_the_query(client, png):
    response = client.post("/v1/upscale?model=tiny&width=60", files={"file": png}, data={"width": "90"})
    assert opened(response).size == (90, 72)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/webp", "WEBP"),
        ("image/avif;q=0.5, image/jpeg", "JPEG"),
        ("text/html, image/jpeg;q=0.2, */*;q=0.1", "JPEG"),
        ("*/*", "PNG"),
    ],
)
def test_accept_chooses_the_format(client, png, accept, kind):
    response = client.post("/v1/upscale?model=tiny", content=png, headers={"accept": accept})
    assert opened(response).format == kind


def test_an_option_counts_more_than_accept(client, png):
    response = client.post("/v1/upscale?model=tiny&format=jpg", content=png, headers={"accept": "image/png"})
    assert opened(response).format == "JPEG"


@pytest.mark.parametrize("option", ["detail", "denoise"])
def test_a_share_of_0_is_the_sibling(client, png, expected, option):
    results = [
        np.asarray(opened(client.post(f"/v1/upscale?model=detailed&{query}", content=png))).astype(int)
        for query in (f"{option}=0", f"{option}=1")
    ]
    assert np.abs(results[0] - expected).max() <= 1
    assert np.abs(results[1] - expected).max() > 1


def test_nothing_stays_of_a_picture_that_is_answered(client, png, settings):
    assert client.post("/v1/upscale?model=tiny", content=png).status_code == 200
    assert client.post("/v1/upscale?model=tiny", content=png[:500]).status_code == 422
    assert list((settings.state / "tasks").iterdir()) == []


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("scal=2", 422, "scal"),
        ("scale=17", 422, "scale"),
        ("scale=x", 422, "scale"),
        ("model=tinny", 422, "model"),
        ("model=/etc/passwd", 422, "model"),
        ("model=tiny.safetensors", 422, "model"),
        ("detail=2", 422, "detail"),
        ("model=tiny&detail=0.5", 422, "model"),
        ("denoise=-1", 422, "denoise"),
        ("model=tiny&denoise=0.5", 422, "model"),
        ("format=exe", 422, "format"),
        ("start=x", 422, "start"),
        ("codec=nonsense", 422, "codec"),
        ("device=cuda", 422, "device"),
        ("max_pixels=100", 413, "max_pixels"),
        ("width=1000000&height=1000000", 413, "width"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(client, png, query, status, field):
    response = client.post(f"/v1/upscale?{query}", content=png)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"], problem["field"]) == (status, status, field)
    assert "\n" not in problem["detail"]
    assert "srgan/" not in problem["detail"], "a path of this computer"


def test_a_wrong_option_is_answered_with_the_nearest(client, png):
    assert "scale" in client.post("/v1/upscale?scal=2", content=png).json()["detail"]
    assert "'tiny'" in client.post("/v1/upscale?model=tinny", content=png).json()["detail"]


@pytest.mark.parametrize("accept", ["text/html", "image/png;q=0", "text/html, */*;q=0"])
def test_a_format_that_cannot_be_written_or_is_not_wanted_is_not_acceptable(client, png, accept):
    response = client.post("/v1/upscale", content=png, headers={"accept": accept})
    assert response.status_code == 406


def test_models_are_listed_with_what_goes_with_them(client):
    models = {model["name"]: model for model in client.get("/v1/models").json()["models"]}
    assert {"photo", "fast", "tiny", "detailed"} <= models.keys()
    assert models["photo"]["detail"]
    assert not models["fast"]["detail"]
    assert models["detailed"]["detail"]
    assert [models[name]["denoise"] for name in ("fast-photo", "srgan", "tiny")] == [True, False, False]
    assert all(model["summary"] for model in models.values())


def test_a_server_whose_usual_model_cannot_be_opened_is_ready_for_others(start, png, monkeypatch):
    def fail(_):
        raise ImportError("libopenvino.so: failed to map segment from shared object")

    monkeypatch.setattr("srgan.jobs.models.Models.open", fail)
    with start() as client:
        for _ in range(200):
            if client.get("/readyz").status_code == 200:
                break
            time.sleep(0.05)
        monkeypatch.undo()
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/upscale?model=tiny", content=png).status_code == 200


def test_health_and_counts(client, png):
    assert client.get("/healthz").status_code == 200
    client.post("/v1/upscale?model=tiny", content=png)
    client.post("/v1/upscale?model=tiny", content=b"text")
    assert client.get("/readyz").status_code == 200
    lines = client.get("/metrics").text.splitlines()
    assert 'srgan_jobs_total{status="ok"} 1' in lines
    assert f"srgan_pixels_total {24 * 30}" in lines
    assert 'srgan_requests_total{method="POST",route="/v1/upscale",status="200"} 1' in lines
    assert 'srgan_requests_total{method="POST",route="/v1/upscale",status="415"} 1' in lines


def test_the_api_describes_itself(client):
    operation = client.get("/v1/openapi.json").json()["paths"]["/v1/upscale"]["post"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"model", "detail", "scale", "width", "height", "format", "quality", "consistent"} <= names
    assert "multipart/form-data" in operation["requestBody"]["content"]
