import json

import pytest

KINDS = [
    "softmax-numerics",
    "activation-functions",
    "dropout-statistics",
    "learning-rate-finder softmax_regression --steps 10 --batch-size 8",
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_prints_draws_and_speaks_json(kind, handgrad, tmp_path):
    code, out, err = handgrad(f"inspect {kind} --figure pictures/it.svg")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Figure: pictures/it.svg"
    assert "<svg" in (tmp_path / "pictures" / "it.svg").read_text()
    found = json.loads(handgrad(f"inspect {kind} --json").out)
    assert found["figure"] is None
    assert len(found) > 1


def test_the_kinds_are_all_there(handgrad):
    out = handgrad("inspect --help").out
    for kind in (
        "softmax-numerics", "activation-functions", "dropout-statistics", "jacobians",
        "gradient-flow", "saturation", "filters", "feature-maps", "microscope",
        "learning-rate-finder", "memory", "confusion", "mistakes",
    ):  # fmt: skip
        assert kind in out


def test_softmax_numerics_ends_with_the_finding(handgrad):
    out = handgrad("inspect softmax-numerics --sizes 1,1e5").out
    assert "at least 1, so it cannot vanish" in out.splitlines()[-1]
    assert "naive divides 0 by 0" in out


def test_dropout_takes_the_fraction_kept(handgrad):
    found = json.loads(handgrad("inspect dropout-statistics --kept 0.9 --json").out)
    assert found["rows"][0]["train_zero"] == pytest.approx(0.1, abs=0.01)


def test_the_learning_rate_comes_with_its_reason(handgrad):
    out = handgrad("inspect learning-rate-finder mlp --optimizer adam --steps 60").out
    assert "Suggested learning rate: " in out
    assert "reached the lowest loss" in out


def test_images_are_resized_as_in_training(handgrad, refused):
    call = "inspect learning-rate-finder lenet --dataset digits --steps 10"
    found = handgrad(f"{call} --batch-size 8 --image-size 20")
    assert (found.code, found.err) == (0, "")
    assert "takes --image-size of at least 1" in refused(f"{call} --image-size 0")


def test_mistakes_are_sentences(refused):
    assert "Did you mean 'sigmoid'" in refused("inspect activation-functions sigmoit")
    assert "comma-separated numbers" in refused("inspect softmax-numerics --sizes 1,b")
    assert "ends in .png or .svg" in refused("inspect softmax-numerics --figure a.pdf")
    assert "Did you mean 'perceptron'" in refused(
        "inspect learning-rate-finder percepton"
    )
    assert "Did you mean 'adam'" in refused(
        "inspect learning-rate-finder mlp --optimizer adams"
    )
    assert "model only" in refused(
        "inspect learning-rate-finder mlp --set optimizer.beta1=0.9"
    )
