import numpy as np
import pytest

from definitions import images as definition
from handgrad.augmentation.noise import LEVELS, add_noise, normal_levels
from handgrad.randomness import random_bits

from .laws import images_of, key_of


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 1, 1), (1, 3, 3)])
def test_it_is_its_definition_to_the_bit(shape, dtype):
    images, key = images_of(4, shape).astype(dtype), key_of(4)
    deviation = np.array([0, 3, 40.5, 1e3], np.float32)
    outputs = add_noise(images, key, deviation)
    size = images[0].size
    words = random_bits(key, (4, size))
    for number in range(4):
        halves = [half for word in words[number] for half in divmod(int(word), 1 << 16)]
        draws = [halves[n + 1 if n % 2 == 0 else n - 1] for n in range(size + 1)]
        expected = definition.add_noise(
            images[number], draws, normal_levels(), deviation[number]
        )
        np.testing.assert_array_equal(outputs[number], expected)


def test_the_levels_have_mean_0_and_deviation_1_and_the_normal_distribution():
    levels = normal_levels().astype(np.float64)
    assert len(levels) == LEVELS
    assert (np.diff(levels) > 0).all()
    assert abs(levels.mean()) < 1e-7
    assert np.mean(levels**2) == pytest.approx(1, abs=1e-6)
    assert np.mean(levels**4) == pytest.approx(3, abs=0.05)
    assert np.mean(np.abs(levels) < 1) == pytest.approx(0.6827, abs=0.001)
    assert 3.6 < levels[-1] < 3.8


def test_noise_is_independent_between_values_and_images():
    images = np.zeros((300, 1, 20, 20), np.float32)
    noise = add_noise(images, key_of(300), np.ones(300, np.float32)).reshape(300, 400)
    assert np.abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert np.corrcoef(noise, rowvar=False)[0, 1:4] == pytest.approx(0, abs=0.3)
    assert np.corrcoef(noise)[0, 1:4] == pytest.approx(0, abs=0.3)
    pairs = np.mean(noise[:, ::2] * noise[:, 1::2])
    assert abs(pairs) < 5 / np.sqrt(noise.size / 2)
