"""Networks for other people's programs: ONNX files, OpenVINO's own, and a page for browsers."""
