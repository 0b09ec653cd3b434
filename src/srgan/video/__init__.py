"""Videos: decoding, upscaling and encoding frame by frame, with sound, subtitles and timestamps kept."""
