import pytest

from handgrad.errors import IntegrityError, RunError
from handgrad.training.logs import Logs
from handgrad.training.position import Position
from handgrad.training.records import StepRecord

STEP = StepRecord(1, 1, 0.5, 1, 2, 0.1, None, 0.001)


def written(path, lines=3):
    """Logs with a number of lines."""
    logs = Logs(path)
    for _ in range(lines):
        logs.add(STEP)
    return logs, logs.flush()


def test_the_sizes_of_the_first_lines(tmp_path):
    logs, sizes = written(tmp_path)
    assert logs.sizes_at(3) == sizes
    assert logs.sizes_at(0) == {"metrics": 0, "timings": 0}
    logs.cut_back(logs.sizes_at(2))
    assert len(logs.records()) == 2


@pytest.mark.parametrize("name", ["metrics", "timings"])
def test_a_log_of_fewer_lines_is_named(tmp_path, name):
    logs, _ = written(tmp_path)
    path = tmp_path / f"{name}.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=rf"{name}\.jsonl has 2 lines, and"):
        logs.sizes_at(3)
    path.unlink()
    wrong = rf"{name}\.jsonl is missing, and .* for each of 3 steps and epochs"
    with pytest.raises(IntegrityError, match=wrong):
        logs.sizes_at(3)
    path.symlink_to(tmp_path / "nothing")
    with pytest.raises(RunError, match="is a link"):
        logs.sizes_at(3)


def test_a_position_within_a_line_is_refused(tmp_path):
    logs, sizes = written(tmp_path)
    logs.check_place(3, sizes)
    for other in ({**sizes, "metrics": sizes["metrics"] - 1}, logs.sizes_at(2)):
        with pytest.raises(IntegrityError, match="its first 3 lines take"):
            logs.check_place(3, other)


def test_each_step_and_each_finished_epoch_has_a_line():
    position = Position()
    assert position.lines == 0
    position = position.after_step(0.5, 1, 2)
    assert position.lines == 1
    assert position.after_epoch(0.5).lines == 2
