"""Engines that run networks: OpenVINO on any processor, PyTorch on GPUs, behind one interface."""
