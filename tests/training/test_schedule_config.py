import pytest

from handgrad.errors import ConfigError
from handgrad.training import config_from
from handgrad.training.schedule_config import ScheduleConfig


def test_a_schedule_without_changes_is_written_as_before():
    assert "shortened" not in config_from({"schedule": {"name": "cosine"}}).to_toml()


def test_each_change_adds_a_row():
    schedule = ScheduleConfig(name="cosine").shorten(after=2, planned=9, epochs=6)
    schedule = schedule.shorten(after=4, planned=6, epochs=5)
    assert [row.epochs for row in schedule.shortened] == [6, 5]
    assert schedule.planned_epochs(5) == 9
    assert ScheduleConfig(name="cosine").planned_epochs(5) == 5
    again = config_from({"schedule": schedule.model_dump(mode="json")})
    assert again.schedule == schedule


@pytest.mark.parametrize("numbers", [(6, 9, 6), (2, 6, 6), (2, 5, 6)])
def test_refuses_numbers_in_another_order(numbers):
    row = dict(zip(("after", "planned", "epochs"), numbers, strict=True))
    with pytest.raises(ConfigError, match="after"):
        config_from({"schedule": {"name": "cosine", "shortened": [row]}})
