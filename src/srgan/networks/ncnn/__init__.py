"""Networks of ncnn: their pairs of files, and their layers as ours."""
