"""The size of results: the network's own, a scale, a width, a height."""

import numpy as np
import pytest

from srgan.errors import UsageError
from srgan.upscaling.size import OutputSize


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_the_networks_scale_is_taken_unless_another_is_given(scale):
    assert OutputSize().for_network(scale).output_size(30, 20) == (30 * scale, 20 * scale)
    assert OutputSize(scale=2.5).for_network(scale).output_size(30, 20) == (75, 50)
    assert OutputSize(width=15).for_network(scale).output_size(30, 20) == (15, 10)
    assert OutputSize(height=np.int64(10)).for_network(scale).output_size(30, 20) == (15, 10)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("scale", value) for value in (0, -3, 17, float("nan"), float("inf"), "4", True)),
        *((side, value) for side in ("width", "height") for value in (0, -1, 20.5, "20", True)),
    ],
)
def test_wrong_sizes_are_refused_with_their_field(field, value):
    with pytest.raises(UsageError) as caught:
        OutputSize(**{field: value})
    assert caught.value.field == field
