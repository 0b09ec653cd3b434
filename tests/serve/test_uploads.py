"""What is refused of uploads, and that nothing of it stays."""

import dataclasses
import errno
import io
import os
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from srgan.serve.settings import Limits

FORM = {"content-type": "multipart/form-data; boundary=x"}


def part(name, content, filename=None):
    extra = f'; filename="{filename}"' if filename else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + content + b"\r\n"


@pytest.fixture(autouse=True)
def nothing_stays(client, settings):  # noqa: ARG001
    yield
    assert list((settings.state / "tasks").iterdir()) == []


def png_of(width, height, data):
    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


NOT_TAKEN = {
    "text": b"just some words\n" * 20,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "xml": b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><svg>&e;</svg>",
    "html": b"<!DOCTYPE html><img src=x onerror=alert(1)>",
    "pdf": b"%PDF-1.7\n1 0 obj\n",
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "session": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n",
    "dash": b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file:///etc/</BaseURL></MPD>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "zip": b"PK\x03\x04" + bytes(60),
    "elf": b"\x7fELF" + bytes(60),
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("route", ["/v1/upscale", "/v1/jobs"])
def test_what_is_no_picture_and_no_video_is_an_unsupported_type(client, route):
    """Whatever its name and its type say."""
    for kind, content in NOT_TAKEN.items():
        response = client.post(f"{route}?model=tiny", files={"file": ("photo.png", content, "image/png")})
        assert (kind, response.status_code, response.json()["code"]) == (kind, 415, "type")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (png_of(60_000, 60_000, zlib.compress(bytes(10**6))), 413),
        (png_of(4000, 4000, zlib.compress(b"")), 422),
        (png_of(0, 5, b""), 422),
        (b"\x89PNG\r\n\x1a\n", 422),
        (b"\x89PNG<svg><script>alert(1)</script></svg>", 422),
        (b"GIF89a" + b"<script>alert(1)</script>" * 9, 422),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(100), 422),
        (b"\x1aE\xdf\xa3" + bytes(100), 422),
    ],
)
def test_bombs_and_damage_are_refused_with_a_sentence(client, content, status):
    response = client.post("/v1/jobs?model=tiny", content=content)
    assert response.status_code == status
    assert "tasks" not in response.json()["detail"], "a path of this computer"


def test_a_moving_picture_with_too_much_in_it_is_refused(start, settings):
    out = io.BytesIO()
    frames = [Image.new("L", (100, 100), level) for level in range(20)]
    frames[0].save(out, "gif", save_all=True, append_images=frames[1:])
    with start(
        dataclasses.replace(settings, state=settings.state / "b", limits=Limits(pixels=10_000))
    ) as client:
        response = client.post("/v1/jobs?model=tiny", content=out.getvalue())
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.mp4", ()), ("a.mkv", ("-f", "matroska", "-live", "1"))],
    ids=["header", "no duration"],
)
def test_a_video_that_lasts_too_long_is_refused(name, options, start, settings, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=32x24:rate=5:duration=3", *options, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    for seconds, status in ((2.5, 413), (3.5, 202)):
        limits = Limits(video_seconds=seconds)
        with start(
            dataclasses.replace(settings, state=settings.state / f"{seconds}", limits=limits)
        ) as client:
            assert client.post("/v1/jobs?model=tiny", content=content).status_code == status


def test_a_picture_that_is_an_archive_too_is_only_a_picture(client, png):
    """Whatever its name and its type say; the archive does not reach the result."""
    picture, archive = io.BytesIO(), io.BytesIO()
    Image.open(io.BytesIO(png)).save(picture, "gif")
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("index.html", "<script>alert(1)</script>")
    both = picture.getvalue() + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(both))
    form = {"file": ("archive.zip", both, "application/zip")}
    response = client.post("/v1/upscale?model=tiny", files=form)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/gif")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert 'filename="archive-x4.gif"' in response.headers["content-disposition"]
    assert Image.open(io.BytesIO(response.content)).size == (120, 96)
    assert b"script" not in response.content
    assert not zipfile.is_zipfile(io.BytesIO(response.content))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../x.png", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\\\Windows\\\\win.ini", "win"),
        ("..", "upload"),
        (".", "upload"),
        ("a%00b.png", "a%00b"),
        ("<script>.png", "script"),
        ("x" * 400 + ".png", "x" * 120),
        ("grüße 1.jpeg", "grüße 1"),
    ],
)
def test_a_name_is_only_ever_a_name(client, png, settings, name, shown):
    body = part("file", png, name) + b"--x--\r\n"
    job = client.post("/v1/jobs?model=tiny", content=body, headers=FORM).json()
    assert job["name"] == f"{shown}.png"
    outside = [
        path for path in settings.state.parent.rglob("*") if "passwd" in path.name or "win.ini" in path.name
    ]
    assert outside == []
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204


@pytest.mark.parametrize("what", ["", "/result", "/source", "/events"])
def test_no_path_leads_out_of_the_jobs(client, what):
    for job in ("..", "%2e%2e", "..%2f..%2ftasks.sqlite", "%2fetc%2fpasswd", "x"):
        path = f"/v1/jobs/{job}{what}"
        assert (path, client.get(path).status_code) == (path, 404)


def test_an_upload_over_the_limit_is_refused_before_and_while_it_comes(start, settings):
    def pieces():
        for _ in range(100):
            yield bytes(1000)

    limited = dataclasses.replace(settings, state=settings.state / "b", limits=Limits(upload_bytes=5000))
    with start(limited) as client:
        for content in (bytes(5001), pieces()):
            response = client.post("/v1/jobs", content=content)
            assert (response.status_code, response.json()["code"]) == (413, "size")
    assert list((limited.state / "tasks").iterdir()) == []
    for path in (limited.state / "tasks", limited.state):
        [file.unlink() for file in path.iterdir() if file.is_file()]


def test_an_upload_that_fills_the_disk_is_refused_while_it_comes(start, settings, monkeypatch):
    monkeypatch.setattr("srgan.serve.store._SECOND", 0)

    def pieces():
        for _ in range(100):
            yield bytes(100_000)

    limited = dataclasses.replace(settings, state=settings.state / "b", limits=Limits(disk_bytes=500_000))
    with start(limited) as client:
        assert client.post("/v1/jobs", content=pieces()).status_code == 507
    assert list((limited.state / "tasks").iterdir()) == []


@pytest.mark.parametrize("step", ["make_folder", "create", "write", "rename"])
def test_a_disk_that_refuses_an_upload_is_told_without_a_path(client, png, settings, monkeypatch, step):
    def refuse(*_arguments):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(f"srgan.disk.{step}", refuse)
        answer = client.post("/v1/jobs?model=tiny&name=a.png", content=png)
    assert answer.status_code == 507
    problem = answer.json()
    assert problem["code"] == "output"
    assert os.strerror(errno.EIO) in problem["detail"]
    assert str(settings.state) not in answer.text
    accepted = client.post("/v1/jobs?model=tiny", content=png)
    assert accepted.status_code == 202
    assert client.delete(f"/v1/jobs/{accepted.json()['id']}").status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x--\r\n",
        part("other", b"1") + b"--x--\r\n",
        part("file", b"", "a.png") + b"--x--\r\n",
        part("file", b"cut", "a.png"),
        part("file", b"one") + part("file", b"two") + b"--x--\r\n",
        part("name", b"x" * 5000) + b"--x--\r\n",
        b"".join(part(f"f{n}", b"") for n in range(60)) + b"--x--\r\n",
        b"no form at all",
    ],
)
def test_forms_that_are_none_are_bad_requests(client, body):
    response = client.post("/v1/jobs?model=tiny", content=body, headers=FORM)
    assert response.status_code == 400


def test_a_form_without_a_boundary_is_a_bad_request(client):
    response = client.post("/v1/jobs", content=b"x", headers={"content-type": "multipart/form-data"})
    assert response.status_code == 400


def test_a_video_is_sent_on_to_the_jobs(client, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=32x24:rate=5:duration=1", tmp_path / "a.mp4")
    response = client.post("/v1/upscale", content=(tmp_path / "a.mp4").read_bytes())
    assert response.status_code == 415
    assert "/v1/jobs" in response.json()["detail"]


def test_the_frames_of_a_video_have_a_limit(start, settings, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=96x64:rate=5:duration=1", tmp_path / "a.mp4")
    content = (tmp_path / "a.mp4").read_bytes()
    for limit, status in ((96 * 64 - 1, 413), (96 * 64, 202)):
        own = dataclasses.replace(settings, state=settings.state / f"{limit}", limits=Limits(pixels=limit))
        with start(own) as client:
            assert client.post("/v1/jobs?model=tiny", content=content).status_code == status


def test_a_video_that_states_more_sound_than_it_can_hold_is_refused(client, ffmpeg, tmp_path):
    """FFmpeg would make room for it: 1.8 GB."""
    options = ("-c:v", "mpeg4", "-c:a", "aac", tmp_path / "a.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=32x24:r=5:d=1", "-f", "lavfi", "-i", "sine=d=1", *options)
    content = bytearray((tmp_path / "a.mp4").read_bytes())
    struct.pack_into(">2I", content, content.rindex(b"stsz") + 8, 1, 75_000_000)
    response = client.post("/v1/jobs?model=tiny", content=bytes(content))
    assert (response.status_code, response.json()["code"]) == (422, "video")
