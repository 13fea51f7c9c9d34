import json
import shutil

import pytest


@pytest.fixture
def own(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "own")


def test_it_says_what_it_found_and_evaluate_uses_it(handgrad, own):
    before = json.loads(handgrad(f"evaluate {own} --json").out)
    code, out, err = handgrad(f"calibrate {own}")
    assert (code, err) == (0, "")
    assert out.startswith("temperature ")
    assert "on 144 images: loss " in out
    after = json.loads(handgrad(f"evaluate {own} --json").out)
    assert before["temperature"] == 1
    assert f"temperature {after['temperature']:.3f}: " in out
    assert after["accuracy"] == before["accuracy"]
    assert after["loss"] == before["loss"]
    names = [
        f"expected calibration error {each['expected_calibration_error']:.2%}"
        for each in (before, after)
    ]
    assert names[0] != names[1]
    assert names[1] in handgrad(f"evaluate {own} -q").out


def test_json_has_all_numbers(handgrad, own):
    values = json.loads(handgrad(f"calibrate {own} --json").out)
    assert values["loss_after"] <= values["loss_before"]
    assert values["images"] == 144
    assert 0 <= values["calibration_error_after"] <= 1


def test_mistakes_are_sentences(refused):
    assert "nowhere does not exist" in refused("calibrate nowhere")


def test_the_diagram_is_saved(handgrad, refused, own):
    assert "--reliability takes a file" in refused(
        f"evaluate {own} --reliability a.pdf"
    )
    assert handgrad(f"evaluate {own} -q --reliability {own}/diagram.svg").code == 0
    assert "<svg" in (own / "diagram.svg").read_text()


def test_a_loss_without_the_label_smoothing_of_training_is_called_so(handgrad):
    train = "train softmax_regression --dataset digits --epochs 1 --run smooth -q"
    assert handgrad(f"{train} --label-smoothing 0.1").code == 0
    found = json.loads(handgrad("calibrate smooth --json").out)
    smoothed = json.loads(handgrad("evaluate smooth --split validation --json").out)
    assert found["loss_before"] != pytest.approx(smoothed["loss"], rel=1e-3)
    said = f"cross-entropy without label smoothing {found['loss_before']:.4f} before"
    assert said in handgrad("calibrate smooth").out
