"""Keeps parts of an OpenVINO graph in float32 while the rest is computed in 16 bits."""

from __future__ import annotations

from functools import cache
from typing import Any

# The smallest OpenVINO file that has the mark on a node.
_MARKED = b"""<net name="marked" version="11"><layers>
<layer id="0" name="in" type="Parameter" version="opset1"><data shape="1" element_type="f32"/>
<rt_info><attribute name="precise" version="0"/></rt_info>
<output><port id="0" precision="FP32"><dim>1</dim></port></output></layer>
<layer id="1" name="out" type="Result" version="opset1">
<input><port id="0" precision="FP32"><dim>1</dim></port></input></layer>
</layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges></net>"""


def keep_precise(node: Any) -> Any:
    """Marks ``node`` so that OpenVINO computes it, and stores its result, in float32; returns it.

    Layers that OpenVINO fuses into a 16-bit convolution stay there; only their sum is kept in float32.
    """
    for key, mark in _marks().items():
        node.set_rt_info(mark, key)
    return node


@cache
def _marks() -> dict[str, Any]:
    """Reads the mark from a file: Python can copy it from node to node, but cannot make it."""
    from openvino import Core

    return dict(Core().read_model(_MARKED, b"").get_parameters()[0].get_rt_info())
