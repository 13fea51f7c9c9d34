import json

import pytest

from handgrad.inspection.speed import peaks


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Small arrays: the limits are real, but lower than the machine's."""
    small = {"matrix_sizes": (128,), "memory_floats": 1 << 16, "repeats": 3}
    for name, value in small.items():
        monkeypatch.setitem(peaks.measure_peaks.__kwdefaults__, name, value)


def test_a_report_for_people(handgrad, tmp_path):
    code, out, _ = handgrad(
        "bench mlp --set hidden_sizes=64, --batch-size 256 --steps 2"
    )
    assert code == 0
    for words in ("matrix product", "linear_1 forward", "waiting and Python", "GB/s"):
        assert words in out
    assert "of the matrix peak." in out
    assert (tmp_path / "roofline.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_for_programs(handgrad, tmp_path):
    line = (
        "bench softmax --batch-size 32 --workers 1 --steps 2 --json --picture a/b.png"
    )
    code, out, _ = handgrad(line)
    assert code == 0
    found = json.loads(out)
    assert found["workers"] == 1
    assert found["picture"] == "a/b.png"
    assert (tmp_path / "a" / "b.png").exists()
    assert found["step_seconds"] > 0
    assert found["textbook_operations"] == 32 * 4 * 7840
    total = sum(row["share"] for row in found["operations"]) + found["share_outside"]
    assert total == pytest.approx(1, abs=0.35)  # medians of parts, of two steps
    units = {"unit_all", "unit_one"}  # 0 where there is no matrix unit
    assert all(value > 0 for name, value in found["peaks"].items() if name not in units)
    assert units <= found["peaks"].keys()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("bench lenett", "Did you mean 'lenet'?"),
        ("bench --batch-size 0", "--batch-size"),
        ("bench --workers 0", "--workers"),
        ("bench --steps 0", "--steps"),
        ("bench --set optimizer.beta1=0.5", "for the model only"),
    ],
)
def test_mistakes_are_told(refused, words, sentence):
    assert sentence in refused(words)
