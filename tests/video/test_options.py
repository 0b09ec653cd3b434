"""How times are written, and which sizes and parts make sense."""

from fractions import Fraction

import pytest

from srgan.errors import UsageError
from srgan.video.options import VideoOptions, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("1.5", 1.5),
        ("1:30", 90),
        ("1:02:03.25", 3723.25),
        ("0:00:00.1", Fraction(1, 10)),
    ],
)
def test_times_are_seconds_or_hours_minutes_seconds(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:", ":1", "1:2:3:4", "soon", "1,5", "1e3"])
def test_other_times_are_refused(text):
    with pytest.raises(UsageError, match="is not a time; write seconds or h:m:s"):
        parse_time(text)


@pytest.mark.parametrize(("start", "end"), [(2, 2), (2, 1), (-1, None)])
def test_an_empty_part_is_refused(start, end):
    with pytest.raises(UsageError, match="nothing between"):
        VideoOptions(start=start, end=end)


@pytest.mark.parametrize(
    ("options", "size"),
    [({}, (1280, 720)), ({"scale": 0.01}, (2, 2)), ({"width": 99}, (98, 56)), ({"scale": 1.5}, (480, 270))],
)
def test_sizes_are_even(options, size):
    assert VideoOptions(**options).for_network(4).output_size(320, 180) == size
