import pytest

from handgrad.cli.value_readers import read_freeze, read_image_size, read_validation
from handgrad.errors import ConfigError


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_validation, "0.25", 0.25),
        (read_validation, "100", 100),
        (read_validation, "folder", "folder"),
        (read_image_size, 32, [32, 32]),
        (read_freeze, "2", 2),
        (read_freeze, "all-but-last", "all-but-last"),
    ],
)
def test_values_are_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "option"),
    [
        (read_validation, "some", "--validation"),
        (read_validation, "true", "--validation"),
        (read_image_size, 0, "--image-size"),
        (read_freeze, "0", "--freeze"),
        (read_freeze, "true", "--freeze"),
        (read_freeze, "all", "--freeze"),
    ],
)
def test_others_are_refused_with_an_example(read, text, option):
    with pytest.raises(ConfigError, match=f"^{option} takes .*got"):
        read(text)
