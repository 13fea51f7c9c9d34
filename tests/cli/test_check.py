import json

from handgrad import inspection
from handgrad.inspection import CheckRow


def row(name, passed):
    return CheckRow(
        kind="layer",
        name=name,
        dtype="float64",
        shapes=1,
        directions=2,
        max_relative_error=1e-9 if passed else 0.5,
        tolerance=1e-6,
        worst=f"{name}(3, 4) on (2, 3)",
        seconds=0.1,
        passed=passed,
    )


def test_every_gradient_agrees_and_the_table_says_so(handgrad):
    code, out, err = handgrad("check")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert "agree with finite differences to 1e-06" in lines[-1]
    assert any(line.startswith("layer    Conv2d ") for line in lines)
    assert any(line.startswith("network  lenet") for line in lines)


def test_a_wrong_gradient_is_named_and_the_exit_code_is_1(handgrad, monkeypatch):
    rows = [row("Linear", True), row("Conv2d", False)]
    monkeypatch.setattr(inspection, "check_catalogue", lambda **_: iter(rows))
    code, out, _ = handgrad("check --quiet")
    assert code == 1
    assert "WRONG: Conv2d(3, 4) on (2, 3)" in out
    assert "1 of 2 do not agree to 1e-06: Conv2d." in out
    assert "Linear" not in out


def test_json_holds_every_row(handgrad, monkeypatch):
    monkeypatch.setattr(
        inspection, "check_catalogue", lambda **_: iter([row("Linear", True)])
    )
    code, out, _ = handgrad("check --json")
    found = json.loads(out)
    assert (code, found["passed"]) == (0, True)
    assert found["checks"][0]["name"] == "Linear"
