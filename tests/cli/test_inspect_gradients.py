import json

import pytest


def test_six_jacobians_agree(handgrad, tmp_path):
    found = json.loads(handgrad("inspect jacobians --figure j.png --json").out)
    assert [one["shape"] for one in found["jacobians"]][-1] == [64, 64, 784]
    assert max(one["max_error"] for one in found["jacobians"]) < 1e-7
    assert (tmp_path / "j.png").exists()


def test_their_values_can_be_printed(handgrad):
    assert "da1/dW1\n[[[" in handgrad("inspect jacobians --image 2 --values").out


def test_the_microscope_shows_the_factors_and_the_line(handgrad, trained, tmp_path):
    words = f"inspect microscope {trained} --layer linear_1 --weight 3,400 --image 5"
    out = handgrad(f"{words} --figure m.png").out
    assert "handgrad/layers/linear.py:" in out
    assert "d_weight = d_outputs.T @ inputs" in out
    assert (tmp_path / "m.png").exists()
    found = json.loads(handgrad(f"{words} --json").out)
    assert found["gradient"] == pytest.approx(found["numeric"], rel=1e-5)


def test_mistakes_are_sentences(refused, trained):
    words = f"inspect microscope {trained} --layer linear_1"
    assert "Give 2 numbers" in refused(f"{words} --weight 3")
    assert "integers" in refused(f"{words} --weight 3,0.5")
    assert "named 'wight'" in refused(f"{words} --weight 3,1 --parameter wight")
    assert "two-layer perceptron" in refused(f"inspect jacobians {trained}")
