"""Self-contained pages: the parts they share, their data and their pictures go inside."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fill_page(template: Path, data: Mapping[str, Any]) -> str:
    """Fills in the ``{{...}}`` of a page: ``{{DATA}}`` as JSON, files of this folder as text.

    Args:
        template: the page's file.
        data: what its script reads.
    """
    # In a script element only "<" could end it.
    text = json.dumps(data).replace("<", "\\u003c")
    return re.sub(
        r"\{\{(.+?)\}\}",
        lambda found: text if found[1] == "DATA" else _text_of(found[1]),
        template.read_text(encoding="utf-8"),
    )


def data_url(image: NDArray[np.uint8], *, lossless: bool = True) -> str:
    """Returns a picture (H, W, 3), uint8, as a data URL: a PNG, or a JPEG of quality 90."""
    kind, options = ("PNG", {}) if lossless else ("JPEG", {"quality": 90, "subsampling": 0})
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _text_of(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
