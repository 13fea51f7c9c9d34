import json
from datetime import date

from handgrad.inspection.speed.interleaved_timing import Laps
from handgrad.inspection.speed.race import Agreement, Race
from handgrad.inspection.speed.race_report import (
    machine,
    steadiness,
    today,
    values,
    versions,
)

FOUND = Race(
    "tiny",
    64,
    2,
    {"torch": 1},
    {"torch": Agreement([2.3, 2.1], [2.3, 2.1], [2.3, 2.1001], 1e-3)},
    Laps(
        {"handgrad": [0.001, 0.002], "torch": [0.004, 0.004]},
        [0.0005, 0.0007],
        {"handgrad": 0.0, "torch": 12.0},
    ),
    True,
)


def test_values_are_plain():
    found = json.loads(json.dumps(values(FOUND)))
    assert found["racers"]["torch"]["ratio"]["median"] == 3.0
    assert found["racers"]["torch"]["page_faults_per_step"] == 12.0
    assert found["racers"]["handgrad"]["threads"] == 2
    assert found["racers"]["handgrad"]["laps"] == [0.001, 0.002]
    assert 0 < found["agreement"]["torch"]["worst"] < 1e-3
    assert found["environment"]["python"]
    assert found["allocator_keeps_memory"] is True


def test_steadiness_is_a_sentence():
    assert "2 laps; a reference matrix product before each took 0.60 ms" in steadiness(
        FOUND
    )
    assert "torch 12" in steadiness(FOUND)


def test_machine_gives_versions_and_date():
    assert versions()["numpy"] in machine()
    assert today() in machine()
    assert date.fromisoformat(today())
