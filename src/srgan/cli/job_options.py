"""Options for pictures and videos, shared by all commands that upscale."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from srgan.cli.options import Format, computing, output
from srgan.jobs.models import FOR_VIDEOS
from srgan.networks import DEFAULT_MODEL

_model = partial(typer.Option, rich_help_panel="Model")
video = partial(typer.Option, rich_help_panel="Videos")

Scale = Annotated[
    float | None,
    output(
        "--scale",
        help="Enlargement per side, up to 16. Default: the model's own scale; other sizes are resized "
        "from its result.",
    ),
]
Width = Annotated[int | None, output("--width", min=1, help="Width of the result in pixels.")]
Height = Annotated[int | None, output("--height", min=1, help="Height of the result in pixels.")]
FormatOption = Annotated[
    Format, output("--format", help="Format of pictures; auto: the input's where it can be written.")
]
Quality = Annotated[int | None, output("--quality", min=1, max=100, help="Quality of JPEG, WebP and AVIF.")]
Recursive = Annotated[bool, output("--recursive", help="Search sub-folders too.")]

Model = Annotated[
    str | None,
    _model(
        "--model",
        help=f"Name of a model (see 'srgan models'), or a file. Default: {DEFAULT_MODEL}; {FOR_VIDEOS} "
        "for videos of more than five seconds on a processor.",
    ),
]
Detail = Annotated[
    float | None,
    _model(
        "--detail",
        min=0,
        max=1,
        help="Amount of detail, from 0 (only what the picture supports) to 1 (all of the model's).",
    ),
]
Denoise = Annotated[
    float | None,
    _model(
        "--denoise",
        min=0,
        max=1,
        help="How much noise, grain and compression to remove, from 0 (none) to 1 (all of it).",
    ),
]
Consistent = Annotated[
    bool,
    _model("--consistent", help="Correct the result so that downscaling it gives the input back."),
]

Codec = Annotated[
    str | None,
    video("--codec", help="Video encoder, such as libx264, libx265, libsvtav1, prores_ks or ffv1."),
]
Crf = Annotated[
    int | None,
    video("--crf", min=0, max=63, help="Constant quality; lower is better and makes a larger file."),
]
Preset = Annotated[str | None, video("--preset", help="Speed of the encoder, such as veryfast.")]

Tile = Annotated[
    str, computing("--tile", help="Side of a tile in pixels; auto: by free memory; off: whole pictures.")
]
MaxPixels = Annotated[int, computing("--max-pixels", min=1, help="Refuse inputs with more pixels.")]
