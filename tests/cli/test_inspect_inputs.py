from pathlib import Path

import pytest

from handgrad.cli.inspect_inputs import (
    check_figure,
    numbers,
    whole_numbers,
)
from handgrad.errors import ConfigError


def test_numbers_are_read():
    assert numbers("--sizes", "1, 2.5,1e5") == [1.0, 2.5, 1e5]
    assert whole_numbers("--depths", "1,12") == [1, 12]
    for wrong in ("", "1,,2", "a", "1;2", "nan", "inf"):
        with pytest.raises(ConfigError, match="--sizes takes comma-separated numbers"):
            numbers("--sizes", wrong)
    for wrong in ("1.5", "1e300"):
        with pytest.raises(ConfigError, match="takes comma-separated integers"):
            whole_numbers("--depths", wrong)


def test_figures_are_png_or_svg():
    check_figure(None)
    check_figure(Path("a.png"))
    with pytest.raises(ConfigError, match=r"--figure a\.png"):
        check_figure(Path("a.jpeg"))
