"""Everything that the long commands import and that starts no thread, which a fork would lose."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = os.environ["OMP_NUM_THREADS"] = "1"

# ruff: noqa: F401
import h5py
import onnx
import onnxruntime
import pyvips
import torch._dynamo  # by the first step of an optimiser

import srgan.cli.main
import srgan.datasets.prepare
import srgan.export.onnx_file
import srgan.jobs.run
import srgan.serve.app
import srgan.training.run
import srgan.video.pipeline
