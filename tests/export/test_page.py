"""The page for browsers, opened in one, from localhost, against what srgan makes."""

import base64
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import browse
from PIL import Image

from srgan.errors import OutputError, SrganError, UsageError
from srgan.export import runtime
from srgan.export.page import write_page
from srgan.networks.network import load_network
from srgan.upscaling.upscaler import Upscaler

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

ENLARGE = """
  const ready = $("status").textContent;
  const { split } = { split: $("split") };
  const made = {};
  for (const name of NAMES) {
    await choose(name);
    await until(() => $("status").textContent.startsWith("Done") || $("status").className === "wrong", "not done");
    const reader = new FileReader();
    const blob = await (await fetch($("download").href)).blob();
    await new Promise(done => { reader.onload = done; reader.readAsDataURL(blob); });
    made[name] = [$("download").download, reader.result.split(",")[1]];
    $("status").textContent = "";
  }
  split.value = 80;
  split.dispatchEvent(new Event("input"));
  const shown = page().getComputedStyle($("before")).clipPath;
  return { ready, made, shown, width: page().document.documentElement.scrollWidth };
"""


@pytest.fixture(scope="module")
def runtime_folder(tmp_path_factory):
    """Where ONNX Runtime Web lies, fetched once for all tests."""
    if shutil.which("npm") is None:
        pytest.skip("no npm: ONNX Runtime Web cannot be fetched")
    try:
        found = runtime._fetch()
    except SrganError as error:
        pytest.skip(f"no ONNX Runtime Web: {error}")
    folder = tmp_path_factory.mktemp("runtime")
    for name, content in found.items():
        (folder / name).write_bytes(content)
    return folder


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
