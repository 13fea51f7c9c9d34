import json

import numpy as np
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
        "gradient-flow", "saturation", "filters", "feature-maps", "occlusion",
        "microscope", "learning-rate-finder", "memory", "confusion", "mistakes",
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


def test_errors_without_a_run_are_sentences(refused):
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


def test_gradient_flow_of_a_run(handgrad, trained):
    found = json.loads(handgrad(f"inspect gradient-flow {trained} --json").out)
    (layer,) = found["layers"]
    assert layer["layer"] == "linear_1"
    assert layer["gradient_norm"] > 0


def test_gradient_flow_against_depth(handgrad, tmp_path):
    out = handgrad("inspect gradient-flow --depths 1,6 --figure flow.png").out
    assert "With 6 hidden layers" in out
    assert (tmp_path / "flow.png").stat().st_size > 1000


def test_saturation_against_the_scale_of_the_weights(handgrad, tmp_path):
    found = json.loads(
        handgrad("inspect saturation --scales 0.01,3 --figure s.png --json").out
    )
    first = [row["share"] for row in found["rows"] if row["layer"] == "sigmoid_1"]
    assert first[0] < 0.01 < 0.5 < first[1]
    assert (tmp_path / "s.png").exists()
    assert "relu_1" in handgrad("inspect saturation --activation relu").out


def test_errors_of_flow_are_sentences(refused, trained):
    assert "has none" in refused(f"inspect saturation {trained}")
    assert "integers" in refused("inspect gradient-flow --depths 1.5")
    assert "of at least 1" in refused("inspect gradient-flow --images 0")
    assert "nowhere does not exist" in refused("inspect gradient-flow nowhere")
    assert "Omit depths" in refused(f"inspect gradient-flow {trained} --depths 1,2")
    for option in ("scales 1,2", "activation sigmoid"):
        said = refused(f"inspect saturation {trained} --{option}")
        assert f"Omit {option.split()[0]}" in said


@pytest.fixture
def sigmoids(handgrad, tmp_path):
    folder = tmp_path / "perceptron"
    words = "train perceptron --epochs 1 --train-count 100 --engine plain -q"
    assert handgrad(f"{words} --run {folder}").code == 0
    return folder


def test_saturation_of_a_run(handgrad, sigmoids, tmp_path):
    out = handgrad(f"inspect saturation {sigmoids} --figure run.png").out
    assert "sigmoid_1" in out
    assert "test images" in out
    assert (tmp_path / "run.png").exists()


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


def test_errors_of_gradients_are_sentences(refused, trained):
    words = f"inspect microscope {trained} --layer linear_1"
    assert "Give 2 numbers" in refused(f"{words} --weight 3")
    assert "integers" in refused(f"{words} --weight 3,0.5")
    assert "named 'wight'" in refused(f"{words} --weight 3,1 --parameter wight")
    assert "two-layer perceptron" in refused(f"inspect jacobians {trained}")


def test_filters_are_the_units_of_the_first_layer(handgrad, trained, tmp_path):
    out = handgrad(f"inspect filters {trained} --figure f.png").out
    assert "Weights of linear_1, shape (10, 784)." in out
    assert (tmp_path / "f.png").exists()
    found = json.loads(handgrad(f"inspect filters {trained} --json").out)
    assert len(found["norms"]) == 10


def test_feature_maps_of_a_chosen_image(handgrad, trained, tmp_path):
    words = f"inspect feature-maps {trained} --image 3"
    out = handgrad(f"{words} --figure maps.png").out
    assert "True class: " in out
    assert (tmp_path / "maps.png").exists()
    found = json.loads(handgrad(f"{words} --json").out)
    assert [layer["layer"] for layer in found["layers"]] == ["flatten_1", "linear_1"]
    assert len(found["layers"][-1]["outputs"]) == 10


def test_occlusion_of_a_chosen_image(handgrad, refused, trained, tmp_path):
    words = f"inspect occlusion {trained} --image 3"
    out = handgrad(f"{words} --side 14 --stride 7 --figure parts.png").out
    assert "Probability of" in out
    assert (tmp_path / "parts.png").exists()
    found = json.loads(handgrad(f"{words} --side 14 --stride 7 --json").out)
    assert np.shape(found["drops"]) == (3, 3)
    assert "from 1 to 28" in refused(f"{words} --side 29")


def test_errors_of_run_are_sentences(refused, trained):
    assert "from 0 up" in refused(f"inspect feature-maps {trained} --image -1")
    assert "There are 360 images" in refused(
        f"inspect feature-maps {trained} --image 5000"
    )
    assert "Did you mean 'test'" in refused(
        f"inspect feature-maps {trained} --split tset"
    )


def test_confusions_are_those_of_the_matrix(handgrad, trained, tmp_path):
    found = json.loads(handgrad(f"inspect confusion {trained} --json").out)
    counts = np.array(found["confusion"])
    assert counts.sum() == 360
    np.fill_diagonal(counts, 0)
    assert found["most_confused"][0]["count"] == counts.max()
    out = handgrad(f"inspect confusion {trained} --pairs 2 --figure c.svg").out
    assert f"{counts.sum()} of 360 test images are misclassified." in out
    assert len(out.split("\n\n")[0].splitlines()) == 3
    assert "<svg" in (tmp_path / "c.svg").read_text()


def test_the_surest_mistakes_come_first(handgrad, trained, tmp_path):
    words = f"inspect mistakes {trained} --split validation"
    found = json.loads(handgrad(f"{words} --json").out)
    sure = [one["probability"] for one in found["mistakes"]]
    assert sure == sorted(sure, reverse=True)
    assert all(one["true"] != one["predicted"] for one in found["mistakes"])
    out = handgrad(f"{words} --count 1 --figure m.png").out
    assert "validation images are misclassified." in out
    assert len(out.split("\n\n")[0].splitlines()) == 1 + min(1, len(sure))
    assert (tmp_path / "m.png").exists()


def test_errors_of_mistakes_are_sentences(refused, trained):
    assert "--pairs" in refused(f"inspect confusion {trained} --pairs 0")
    assert "--count" in refused(f"inspect mistakes {trained} --count 0")
    assert "Did you mean 'test'" in refused(f"inspect mistakes {trained} --split tset")


def test_bytes_are_those_of_the_report(handgrad):
    found = json.loads(handgrad("inspect memory mlp --json").out)
    assert found["training"]["parameters"] == 814_120
    assert found["measured"]["gradients"] == 814_120
    assert found["training"]["optimizer"] == 0


def test_a_table_a_sentence_and_a_picture(handgrad, tmp_path):
    line = "inspect memory softmax_regression --optimizer adam --batch-size 8"
    code, out, err = handgrad(f"{line} --figure memory.svg")
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert rows["parameters"] == ["31,400"] * 3
    assert rows["optimizer"] == ["62,800", "62,800", "0"]
    assert "At batch size 8, training takes" in out
    assert "<svg" in (tmp_path / "memory.svg").read_text()


def test_momentum_is_one_copy(handgrad):
    line = "inspect memory softmax_regression --momentum 0.9 --json"
    assert json.loads(handgrad(line).out)["measured"]["optimizer"] == 31_400


def test_errors_of_memory_are_sentences(refused):
    assert "Did you mean 'lenet'" in refused("inspect memory lenett")
    assert "batch_size" in refused("inspect memory mlp --batch-size 0")
