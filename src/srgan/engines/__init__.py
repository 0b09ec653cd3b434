"""What runs a generator: OpenVINO on any processor, torch on accelerators, behind one interface."""
