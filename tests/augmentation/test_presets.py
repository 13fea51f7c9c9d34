import pytest

from handgrad import catalog
from handgrad.augmentation.presets import PRESETS, expanded
from handgrad.errors import ConfigError
from handgrad.training.config import config_from


def configured(*rows):
    """The names of the augmentations of a configuration."""
    config = config_from({"dataset": {"augmentation": list(rows)}})
    return [row.name for row in config.dataset.augmentation]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_its_augmentations(name):
    assert expanded([{"name": name}]) == PRESETS[name]
    assert configured({"name": name.upper()}) == [row["name"] for row in PRESETS[name]]


@pytest.mark.parametrize("name", PRESETS)
def test_every_augmentation_of_a_preset_can_be_made(name):
    for row in PRESETS[name]:
        options = {key: value for key, value in row.items() if key != "name"}
        assert catalog.check_options("augmentation", row["name"], options) == options
        catalog.build("augmentation", row["name"], options).check_images(28, 28)


def test_a_preset_stands_among_others():
    names = configured({"name": "random_flip"}, {"name": "digits"})
    assert names == ["random_flip", "random_affine"]


@pytest.mark.parametrize("others", [("digits",), ("none",), ("cutout", "objects")])
def test_none_stands_alone(others):
    assert configured({"name": "none"}) == []
    rows = [{"name": "none"}, *({"name": name} for name in others)]
    said = f"The preset none stands for no augmentation, got {len(others)} besides it"
    for order in (rows, rows[::-1]):
        with pytest.raises(ConfigError, match=said):
            configured(*order)


def test_no_preset_for_digits_mirrors_them():
    assert not any("flip" in row["name"] for row in PRESETS["digits"])


def test_no_preset_has_the_name_of_an_augmentation():
    assert not PRESETS.keys() & catalog.AUGMENTATIONS.keys()


@pytest.mark.parametrize("rows", [3, "digits", None, [3, {"name": 4}, {}]])
def test_what_is_no_list_of_names_is_left_to_the_configuration(rows):
    found = expanded(rows)
    assert found == (tuple(rows) if isinstance(rows, list) else rows)


def test_a_preset_takes_no_options():
    with pytest.raises(ConfigError, match="preset digits takes no options, got scale"):
        expanded([{"name": "digits", "scale": 0.2}])
    with pytest.raises(ConfigError, match=r"augmentation.*takes no options, got scale"):
        configured({"name": "digits", "scale": 0.2})


def test_a_preset_changes_with_nobody():
    (row,) = expanded([{"name": "digits"}])
    row["rotation"] = 90
    assert PRESETS["digits"][0]["rotation"] == 10
