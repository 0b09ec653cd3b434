"""ncnn networks: their pairs of files, and their layers as ours."""
