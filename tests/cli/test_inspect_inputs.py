from pathlib import Path

import numpy as np
import pytest

from handgrad.cli.inspect_inputs import (
    check_figure,
    check_there,
    numbers,
    of_dataset,
    of_run,
    up_to,
    whole_numbers,
)
from handgrad.errors import ConfigError, HandgradError


def test_numbers_are_read():
    assert numbers("--sizes", "1, 2.5,1e5") == [1.0, 2.5, 1e5]
    assert whole_numbers("--depths", "1,12") == [1, 12]
    for wrong in ("", "1,,2", "a", "1;2", "nan", "inf"):
        with pytest.raises(ConfigError, match="--sizes takes numbers"):
            numbers("--sizes", wrong)
    for wrong in ("1.5", "1e300"):
        with pytest.raises(ConfigError, match="takes whole numbers"):
            whole_numbers("--depths", wrong)


def test_figures_are_png_or_svg():
    check_figure(None)
    check_figure(Path("a.png"))
    with pytest.raises(ConfigError, match=r"--figure a\.png"):
        check_figure(Path("a.jpeg"))


def test_images_of_a_data_set_are_normalised_by_all_of_its_images():
    sample = of_dataset(None, 5)
    assert sample.images.shape == (5, 1, 28, 28)
    assert sample.inputs.dtype == np.float64
    assert sample.what == "the first 5 training images of digits"
    assert np.unique(sample.inputs).size == np.unique(sample.images).size
    with pytest.raises(HandgradError, match="--images"):
        of_dataset(None, 0)


def test_images_of_a_run_come_with_its_network(trained):
    model, loss, sample = of_run(trained, 7)
    assert "test images" in sample.what
    assert model.forward(sample.inputs)[0].shape == (7, 10)
    assert np.isfinite(loss.forward(model.forward(sample.inputs)[0], sample.targets)[0])
    with pytest.raises(ConfigError, match="Did you mean 'train'"):
        of_run(trained, 7, split="trian")


def test_an_image_that_is_not_there_is_refused():
    assert up_to(4) == 5
    with pytest.raises(ConfigError, match="from 0 up"):
        up_to(-1)
    check_there(4, 5)
    with pytest.raises(ConfigError, match="There are 5 images"):
        check_there(5, 5)
