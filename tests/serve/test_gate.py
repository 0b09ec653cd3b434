"""Who may ask, under which name, and from which page."""

import dataclasses
import re

import pytest


@pytest.fixture
def locked(start, settings):
    with start(dataclasses.replace(settings, token="s3cret-ö")) as client:
        yield client


def bearer(token):
    return {"authorization": f"Bearer {token}".encode()}


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "192.168.1.7", "LOCALHOST:80"])
def test_addresses_and_this_computers_names_are_answered(client, host):
    assert client.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "["]
)
def test_a_name_that_is_not_its_own_is_refused(client, host):
    """DNS rebinding: another site's name that leads to this computer."""
    response = client.get("/v1/models", headers={"host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"


def test_a_name_that_the_server_was_told_is_answered(start, settings):
    with start(dataclasses.replace(settings, names=("pictures.example",))) as client:
        assert client.get("/v1/models", headers={"host": "pictures.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.1:3000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_posts_from_other_sites_are_refused(client, png, settings, headers):
    response = client.post("/v1/upscale?model=tiny", content=png, headers=headers)
    assert response.status_code == 403
    assert not list((settings.state / "tasks").iterdir())


def test_methods_that_were_made_up_share_a_line_of_the_metrics(client):
    for number in range(3):
        assert client.request(f"MADE{number}", "/healthz").status_code == 405
    lines = client.get("/metrics").text
    assert "MADE" not in lines
    assert re.search(r'method="other".*status="405"} 3', lines)


def test_posts_of_the_page_itself_are_taken(client, png):
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert client.post("/v1/upscale?model=tiny", content=png, headers=headers).status_code == 200


def test_other_sites_may_link_to_the_page_but_not_load_from_the_api(client):
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=visit).status_code == 200
    assert client.get("/v1/models", headers=visit).status_code == 403
    assert client.get("/v1/models", headers={"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/v1/models", "/healthz", "/nowhere", "/login"])
def test_every_answer_keeps_browsers_strict(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy), "nothing from elsewhere"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("token", ["", "s3cret", "s3cret-o", "S3CRET-Ö", "s3cret-ö-and-more"])
def test_without_the_token_nothing_is_told_but_health(locked, png, token):
    headers = bearer(token)
    assert locked.get("/healthz", headers=headers).status_code == 200
    for path in ("/v1/models", "/metrics", "/v1/jobs/x", "/v1/openapi.json", "/page.js"):
        assert locked.get(path, headers=headers).status_code == 401
    refused = locked.post("/v1/upscale?model=tiny", content=png, headers=headers)
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.json()["code"] == "token"


def test_the_token_opens_the_api(locked, png):
    done = locked.post("/v1/upscale?model=tiny", content=png, headers=bearer("s3cret-ö"))
    assert done.status_code == 200


def test_the_page_asks_for_the_token_and_a_cookie_stands_for_it(locked):
    asked = locked.get("/")
    assert asked.url.path == "/login"
    assert 'name="token"' in asked.text
    assert locked.post("/login", data={"token": "wrong"}).status_code == 401
    entered = locked.post("/login", data={"token": "s3cret-ö"}, follow_redirects=False)
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "s3cret" not in cookie
    assert locked.get("/v1/models").status_code == 200


def test_a_cookie_that_was_made_up_opens_nothing(locked):
    locked.cookies.set("srgan", "0" * 64)
    assert locked.get("/v1/models").status_code == 401


def test_a_form_larger_than_a_token_is_refused(locked):
    assert locked.post("/login", content=b"token=" + b"x" * 5000).status_code == 413
