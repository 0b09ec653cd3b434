"""The table of what is written, in docs/reference/formats.md, against films that have all of it."""

import re
import struct
from pathlib import Path

import av
import pytest
from PIL import Image

from srgan.video.options import VideoOptions

DOC = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"
TARGETS = {"mp4, m4v": "a.mp4", "numbered PNG, TIFF, WebP, AVIF": "%d.png", "WebP": "a.webp", "GIF": "a.gif"}
TARGETS |= {name: f"a.{name}" for name in ("mov", "mkv", "webm")}
LIGHT = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
UPRIGHT, TURNED = (65536, 0, 0, 0, 65536, 0, 0, 0), (0, 65536, 0, -65536, 0, 0, 0, 0)
NOT_KEPT = r"left out|no\b|on white|made square|8|turned"
# What a note says of each row, besides that it is left out or changed.
WORDS = {
    "transparency": "white",
    "non-square pixels": "non-square",
    "sound, subtitles": "audio",
    "further videos": "only the first video|video stream .* left out",
    "covers": "png",
    "fonts, other attachments": "attachment|ttf",
}


def table():
    """The cells by row and column: what is usual, without what is so in other cases."""
    written = DOC.read_text(encoding="utf-8").split("### Written")[1].split("### Sound")[0]
    rows = [line.strip("| ").split(" | ") for line in written.splitlines() if line[:1] == "|"]
    head, _, *body = [[re.split(r"[;(]", cell)[0].strip(" |") for cell in row] for row in rows]
    return {row[0]: dict(zip(head, row[1:], strict=True)) for row in body}


@pytest.fixture
def sources(clip, spherical, ffmpeg, tmp_path):
    """Films that have what the rows are about."""
    Image.new("RGB", (16, 16)).save(tmp_path / "cover.png")
    (tmp_path / "font.ttf").write_bytes(b"a font" * 20)
    chapters = "".join(f"[CHAPTER]\nTIMEBASE=1/10\nSTART={n}\nEND={n + 2}\n" for n in (0, 2))
    (tmp_path / "chapters").write_text(f";FFMETADATA1\ntitle=A film\n{chapters}")
    inputs = ("-i", tmp_path / "cover.png", "-i", tmp_path / "chapters", "-map_metadata", 3)
    maps = ("-map", 0, "-map", 1, "-map", 2, "-c:v:1", "png", "-disposition:v:1", "attached_pic")
    tags = ("-metadata:s:a:0", "language=ger", "-timecode", "01:02:03:04")
    marked = spherical("marked.mp4", *inputs, *maps, *tags)
    deep = ("-c:v:0", "libx265", "-pix_fmt:v:0", "yuv420p10le", "-x265-params", f"log-level=none:{LIGHT}")
    others = ("-c:v:1", "libvpx-vp9", "-c:v:2", "libx264", "-aspect:v:0", "8:3")
    second = ("-map", 0, "-map", 1, "-map", 0, "-map", 0, *others)
    font = ("-attach", tmp_path / "font.ttf", "-metadata:s:t", "mimetype=application/x-truetype-font")
    hdr = clip("hdr.mkv", *second, *deep, *font, "-color_trc", "smpte2084", seconds=0.4)
    clear = "color=red:s=64x48:d=0.1:r=25,format=rgba,geq=r=255:g=0:b=0:a='if(lt(X,32),40,255)'"
    ffmpeg("-f", "lavfi", "-i", clear, "-c:v", "png", tmp_path / "clear.mov")
    turn(tmp_path / "clear.mov")
    return marked, hdr, tmp_path / "clear.mov"


def turn(path):
    """Marks the first track of a mov as turned by a right angle."""
    upright, turned = (struct.pack(">9i", *numbers, 2**30) for numbers in (UPRIGHT, TURNED))
    before, _, after = path.read_bytes().partition(b"tkhd")
    path.write_bytes(before + b"tkhd" + after.replace(upright, turned, 1))


def found_in_film(probe, path):
    """What a film has of what the rows are about."""
    said = probe(path)
    first, *others = said["streams"]
    texts = [said["format"].get("tags", {}), *(stream.get("tags", {}) for stream in said["streams"])]
    keys = {key.lower() for tags in texts for key in tags}
    marks = {one["side_data_type"] for one in first.get("side_data_list", [])}
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        has_display = frame.side_data.get("MASTERING_DISPLAY_METADATA") is not None
    return {
        "10 bits": "10le" in first["pix_fmt"],
        "transparency": "yuva" in first["pix_fmt"] or "alpha_mode" in keys,
        "HDR10 marks": has_display,
        "rotation": "Display Matrix" in marks,
        "non-square pixels": first.get("sample_aspect_ratio", "1:1") != "1:1",
        "further videos": any(one.get("codec_name") in ("vp9", "h264") for one in others),
        "covers": any(one["disposition"]["attached_pic"] for one in others),
        "fonts, other attachments": any(one["codec_type"] == "attachment" for one in others),
        "chapters, languages, names of tracks": len(said["chapters"]) == 2 and "language" in keys,
        "title, place, date, camera": "title" in keys,
        "timecode": "timecode" in keys,
        "360-degree mark": "Spherical Mapping" in marks,
        "stereo mark": "Stereo 3D" in marks,
    }


def found_in_pictures(path):
    with Image.open(path) as image:
        return {
            "10 bits": False,
            "transparency": image.convert("RGBA").getextrema()[3][0] < 255,
            "rotation": False,
            "non-square pixels": False,
            "sound, subtitles": False,
        }


ROWS = {
    "marked.mp4": (
        "covers",
        "chapters, languages, names of tracks",
        "title, place, date, camera",
        "timecode",
        "360-degree mark",
        "stereo mark",
    ),
    "hdr.mkv": (
        "10 bits",
        "HDR10 marks",
        "non-square pixels",
        "sound, subtitles",
        "further videos",
        "fonts, other attachments",
    ),
    "clear.mov": ("transparency", "rotation"),
}


@pytest.mark.parametrize("column", TARGETS)
def test_the_table_says_what_is_so(sources, enlarge, probe, tmp_path, column):
    cells = {row: columns[column] for row, columns in table().items()}
    assert set(cells) == {row for rows in ROWS.values() for row in rows}
    for source in sources:
        folder = tmp_path / source.stem
        folder.mkdir()
        result = enlarge(source, folder / TARGETS[column], VideoOptions(scale=0.5))
        is_film = column in ("mp4, m4v", "mov", "mkv", "webm")
        path = folder / TARGETS[column].replace("%d", "1")
        found = found_in_film(probe, path) if is_film else found_in_pictures(path)
        if not is_film and source.stem == "clear":
            with Image.open(path) as image:
                assert image.width < image.height  # turned upright
        if column.startswith("numbered") and source.stem == "hdr":
            with av.open(str(path)) as container:
                found["10 bits"] = "16" in (container.streams.video[0].pix_fmt or "") or "48" in str(
                    container.streams.video[0].pix_fmt
                )
        for row in ROWS[source.name]:
            if row in found and cells[row] not in ("-", "see below"):
                assert found[row] == (re.match(NOT_KEPT, cells[row]) is None), (row, cells[row])
            if "reported" in cells[row]:
                assert any(re.search(WORDS[row], note) for note in result.notes), (row, result.notes)
