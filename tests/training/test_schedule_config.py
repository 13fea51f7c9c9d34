import pytest

from handgrad.errors import ConfigError
from handgrad.training import config_from
from handgrad.training.schedule_config import ScheduleConfig


def test_a_schedule_without_changes_is_written_as_before():
    assert "rescheduled" not in config_from({"schedule": {"name": "cosine"}}).to_toml()


def test_each_change_adds_a_row():
    schedule = ScheduleConfig(name="cosine").reschedule(after=2, planned=9, epochs=6)
    schedule = schedule.reschedule(after=4, planned=6, epochs=5)
    assert [row.epochs for row in schedule.rescheduled] == [6, 5]
    assert schedule.planned_epochs(5) == 9
    assert ScheduleConfig(name="cosine").planned_epochs(5) == 5
    again = config_from({"schedule": schedule.model_dump(mode="json")})
    assert again.schedule == schedule


def test_reads_the_former_name():
    row = {"after": 2, "planned": 9, "epochs": 6}
    old, new = (
        config_from({"schedule": {"name": "cosine", name: [row]}})
        for name in ("shortened", "rescheduled")
    )
    assert old == new
    assert old.schedule.planned_epochs(6) == 9


@pytest.mark.parametrize("numbers", [(6, 9, 6), (6, 6, 9), (6, 5, 9)])
def test_refuses_numbers_in_another_order(numbers):
    row = dict(zip(("after", "planned", "epochs"), numbers, strict=True))
    with pytest.raises(ConfigError, match="after"):
        config_from({"schedule": {"name": "cosine", "rescheduled": [row]}})
