import time

import numpy as np
import pytest

from handgrad.engine.memory_plan import Memory, pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Program, Task
from handgrad.errors import ResourceError
from handgrad.inspection.speed import clock


def test_a_stamp_is_the_current_time():
    stamps = np.zeros((2, 2), dtype=np.int64)
    place = pointer_to(stamps).by_tile(clock.STAMP_BYTES)
    stamp = Operation(clock.stamp, "the time", place=place, clock=clock.CLOCK)
    tasks = [Task([stamp], 1)]
    program = Program([Phase("one", tasks)], Memory(1, 2, 1, per_tile=False))
    before = time.monotonic_ns()
    program.run()
    after = time.monotonic_ns()
    assert before <= int(stamps[1, 0]) * 10**9 + int(stamps[1, 1]) <= after
    assert (stamps[0] == 0).all()


def test_a_system_without_the_clock_is_refused(monkeypatch):
    monkeypatch.setattr(clock.sys, "platform", "win32")
    with pytest.raises(ResourceError, match="Linux or macOS"):
        clock.clock_address.__wrapped__()
