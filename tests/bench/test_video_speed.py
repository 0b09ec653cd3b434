from srgan.bench.video_speed import time_video


def test_a_clip_is_timed_from_file_to_file_and_by_stages(tiny_model):
    result = time_video(tiny_model, 5, (32, 24))
    assert (result["model"], result["frames"]) == ("tiny", 5)
    assert result["frames_per_second"] > 0
    assert list(result["milliseconds"]) == ["reading", "network", "writing"]
    assert all(taken > 0 for taken in result["milliseconds"].values())
