import pytest

from handgrad.training.log_reading import (
    TAIL,
    epochs_of,
    last_epoch,
    lines_after,
    table_in,
)


def test_lines_come_once_and_whole(tmp_path):
    log = tmp_path / "log.jsonl"
    assert lines_after(log, 0) == ([], 0)
    log.write_text('{"a": 1}\n{"a": 2}\n{"a"')
    rows, after = lines_after(log, 0)
    assert rows == [{"a": 1}, {"a": 2}]
    assert lines_after(log, after) == ([], after)
    with open(log, "a") as file:
        file.write(": 3}\n")
    assert lines_after(log, after)[0] == [{"a": 3}]
    log.write_text('{"a": 9}\n')  # the run went back to a checkpoint
    assert lines_after(log, after)[0] == [{"a": 9}]
    log.write_bytes(b'\xff\n[1]\n{"a": 4}\n')
    assert lines_after(log, 0)[0] == [{"a": 4}]


def test_epochs_are_found_in_a_log_of_steps(tmp_path):
    assert (epochs_of(tmp_path), last_epoch(tmp_path)) == ([], {})
    steps = '{"kind": "step", "step": 1}\n' * (TAIL // 25)
    lines = "".join(f'{steps}{{"kind": "epoch", "epoch": {k}}}\n' for k in (1, 2))
    (tmp_path / "metrics.jsonl").write_text(f'{lines}{{"kind": "epoch", "ep')
    assert [row["epoch"] for row in epochs_of(tmp_path)] == [1, 2]
    assert last_epoch(tmp_path)["epoch"] == 2


@pytest.mark.parametrize("steps", [0, 1, TAIL // 40, TAIL, 10 * TAIL])
@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_the_last_epoch_is_found_however_many_steps_follow(tmp_path, epochs, steps):
    epoch = '{{"kind": "epoch", "epoch": {}, "loss": 0.5}}\n'
    lines = "".join(map(epoch.format, range(1, 1 + epochs)))
    step = '{"kind": "step", "step": 1, "loss": 0.25}\n'
    (tmp_path / "metrics.jsonl").write_text(lines + step * steps)
    found = last_epoch(tmp_path)
    assert found.get("epoch", 0) == epochs
    assert bool(found) == bool(epochs)


@pytest.mark.parametrize("content", [b"", b"\xff\x00[", b'{"kind": "epoch"\n'])
def test_a_damaged_log_has_no_epochs(tmp_path, content):
    (tmp_path / "metrics.jsonl").write_bytes(content)
    assert (epochs_of(tmp_path), last_epoch(tmp_path)) == ([], {})


@pytest.mark.parametrize("text", ["", "[1]", "{", "3"])
def test_what_is_no_table_is_empty(text):
    assert table_in(text) == {}
