from dataclasses import FrozenInstanceError, fields

import pytest

from handgrad.training.records import TIMINGS, EpochRecord, StepRecord

RECORD = StepRecord(1, 1, 0.5, 2, 3, 0.1, None, 0.01)


def test_a_record_is_immutable():
    with pytest.raises(FrozenInstanceError):
        RECORD.loss = 0.0


def test_what_depends_on_the_machine_is_named_as_a_timing():
    units = ("_seconds", "_per_second")
    for kind in (StepRecord, EpochRecord):
        timed = {field.name for field in fields(kind) if field.name.endswith(units)}
        assert timed <= set(TIMINGS)
    assert set(TIMINGS) <= {field.name for field in fields(EpochRecord)}
