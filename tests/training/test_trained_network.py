import json
import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

import handgrad
from handgrad.datasets.dataset import Split
from handgrad.errors import (
    ConfigError,
    HandgradError,
    HandgradWarning,
    IntegrityError,
    RunError,
    ShapeError,
)
from handgrad.training import model_file
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.config import config_from
from handgrad.training.resuming import resume
from handgrad.training.trained_network import load

from .small import small, stop_after, train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A trained run that tests must not change."""
    config = small(dataset={"name": "digits", "image_size": [8, 8]})
    return train(tmp_path_factory.mktemp("classifier") / "run", config)


@pytest.fixture(scope="module")
def classifier(run):
    """The network of that run."""
    return load(run.folder.path)


BAD = {"nan": np.nan, "infinite": np.inf, "variance": -1.0, "large": 3e38}


@pytest.fixture(scope="module", params=BAD)
def spoiled(request, tmp_path_factory):
    """A run whose best checkpoint has one invalid number, and the array's name."""
    path = tmp_path_factory.mktemp("spoiled") / "run"
    rows = [
        {"name": "conv2d", "out_channels": 2, "kernel_size": 3},
        {"name": "batch_norm2d"},
        {"name": "relu"},
        {"name": "flatten"},
        {"name": "linear", "out_features": 10},
    ]
    network = {"name": "from_layers", "layers": rows}
    dataset = {"name": "digits", "train_count": 60}
    train(path, small(model=network, dataset=dataset, training={"epochs": 1}))
    saved = load_checkpoint(path / "checkpoints", "best")
    ending = "running_var" if request.param == "variance" else ".weight"
    name = next(n for n in saved.arrays if n.endswith(ending) and "optim" not in n)
    arrays = saved.arrays | {name: saved.arrays[name].copy()}
    arrays[name][...] = BAD[request.param]
    save_checkpoint(
        path / "checkpoints", arrays, saved.position, notes=saved.notes, is_best=True
    )
    return path, name, request.param


def test_invalid_numbers_are_refused_by_name(spoiled, images):
    path, name, kind = spoiled
    if kind == "large":
        network = load(path)
        with pytest.raises(RunError, match="gives NaN or infinity for image 0: its"):
            network.predict(np.full((2, 28, 28), 255, np.uint8))
        return
    wrong = "a variance below 0" if kind == "variance" else "NaN or infinity"
    for which in ("best", "last"):
        with pytest.raises(RunError, match=f"run: {name} holds {wrong}, so its"):
            load(path, which)
    with pytest.raises(RunError, match=name):
        handgrad.load(path)


def test_the_file_of_a_classifier_with_nan_is_refused_by_name(classifier, tmp_path):
    (name, parameter), *_ = classifier.model.parameters().items()
    before = parameter.value.copy()
    parameter.value[0] = np.nan
    try:
        classifier.save(tmp_path / "a.safetensors")
    finally:
        parameter.value[...] = before
    with pytest.raises(RunError, match=rf"a\.safetensors: parameters/{name} holds NaN"):
        load(tmp_path / "a.safetensors")


@pytest.mark.parametrize("std", ["0.0", "-1.0", "1e-40", "inf", "nan", "0.5, 0.5", ""])
def test_a_standard_deviation_that_divides_nothing_is_refused(run, tmp_path, std):
    shutil.copytree(run.folder.path, tmp_path / "run")
    path = tmp_path / "run" / "config.toml"
    before, _, rest = path.read_text().partition("std = [")
    path.write_text(f"{before}std = [{std}]{rest.partition(']')[2]}")
    with pytest.raises(
        ConfigError, match=r"config\.toml: resolved\.std.*(A norm|finite)"
    ):
        load(tmp_path / "run")


@pytest.fixture
def images(run):
    return run.parts.dataset.test.images


def test_a_loaded_network_reproduces_the_test_metrics(run, classifier):
    test = run.parts.dataset.test
    found = classifier.evaluate(test)
    assert found.accuracy == run.result["test_accuracy"] > 0.5
    assert found.loss == pytest.approx(run.result["test_loss"], rel=1e-6)
    predictions = classifier.predict(test.images)
    assert np.mean(predictions == test.targets) == found.accuracy


def test_probabilities_sum_to_one_and_choose_the_prediction(classifier, images):
    probabilities = classifier.predict_probabilities(images)
    assert probabilities.shape == (len(images), 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(
        probabilities.argmax(axis=1), classifier.predict(images)
    )


def test_images_may_come_in_several_shapes(classifier, images):
    expected = classifier.predict(images[:5])
    np.testing.assert_array_equal(classifier.predict(images[:5, 0]), expected)
    for one in (images[0], images[0, 0], images[:1, 0]):
        np.testing.assert_array_equal(classifier.predict(one), expected[:1])
    assert classifier.predict(images[:0]).shape == (0,)
    assert classifier.predict_probabilities(images[:0]).shape == (0, 10)


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_prediction_with_flip_is_kept_after_training(tmp_path, engine):
    data = {"name": "digits", "image_size": [8, 8]}
    config = small(engine=engine, dataset=data, prediction={"with_flip": True})
    trained = train(tmp_path / "run", config)
    test = trained.parts.dataset.test
    mirrored = np.ascontiguousarray(test.images[..., ::-1])
    asked = load(trained.folder.path)
    logits = asked.logits(test.images)
    np.testing.assert_array_equal(logits, asked.logits(mirrored))
    assert asked.evaluate(test).accuracy == trained.result["test_accuracy"]
    once = load(trained.folder.path)
    once.config = config_from({**config.model_dump(), "prediction": {}})
    np.testing.assert_allclose(
        logits, (once.logits(test.images) + once.logits(mirrored)) / 2, rtol=1e-6
    )
    assert not np.array_equal(logits, once.logits(test.images))


@pytest.mark.parametrize(
    "shape", [(3, 1, 9, 9), (3, 3, 8, 8), (64,), (8, 9), (1, 1, 1, 8, 8), ()]
)
def test_other_shapes_are_refused_with_the_right_one(classifier, shape):
    with pytest.raises(ShapeError, match=r"\(count, 1, 8, 8\), got \(.*Resize them"):
        classifier.predict(np.zeros(shape, dtype=np.uint8))


def test_pixels_are_bytes(classifier):
    with pytest.raises(ShapeError, match=r"as uint8, got float32.*normalizes"):
        classifier.predict(np.zeros((1, 1, 8, 8), dtype=np.float32))


def test_an_images_prediction_does_not_depend_on_the_others(classifier, images):
    many = classifier.predict_probabilities(images)
    alone = np.concatenate([classifier.predict_probabilities(i) for i in images[:20]])
    np.testing.assert_allclose(many[:20], alone, rtol=1e-5, atol=1e-7)


def test_an_image_file_is_converted_to_the_networks_input(classifier, images, tmp_path):
    path = tmp_path / "digit.png"
    Image.fromarray(images[0, 0]).save(path)
    np.testing.assert_array_equal(classifier.read_image(path), images[0])
    Image.fromarray(images[0, 0]).resize((30, 20)).convert("RGB").save(path)
    assert classifier.read_image(path).shape == (1, 8, 8)


def test_a_16_bit_image_of_another_depth_warns(classifier, tmp_path):
    path = tmp_path / "light.png"
    Image.fromarray(np.full((8, 8), 4080, dtype=np.uint16)).save(path)
    with pytest.warns(HandgradWarning, match=r"light\.png: .* use 12 bits"):
        assert (classifier.read_image(path) == 255).all()


def test_the_package_itself_can_load(run):
    assert handgrad.load(run.folder.path).class_names == tuple("0123456789")
    assert handgrad.load(str(run.folder.path), which="last").class_names[0] == "0"


def test_best_and_last_are_different_networks(tmp_path):
    config = small(
        optimizer={"name": "sgd", "learning_rate": 10.0},
        schedule={"name": "constant", "warmup_epochs": 3.0},
    )
    run = train(tmp_path / "run", config)
    assert run.result["best_epoch"] < 3
    test = run.parts.dataset.test
    best, last = (
        load(run.folder.path, which).evaluate(test) for which in ("best", "last")
    )
    assert best.loss == pytest.approx(run.result["test_loss"], rel=1e-6)
    assert last.loss != pytest.approx(best.loss, rel=1e-3)


def test_a_run_without_a_checkpoint_is_an_error(tmp_path):
    stop_after(tmp_path / "run", 1)
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    for which in ("best", "last"):
        with pytest.raises(RunError, match=r"No checkpoint is left in .*train again"):
            load(tmp_path / "run", which)


def test_a_run_in_its_first_epoch_without_its_pointer_can_be_recovered(tmp_path):
    stop_after(tmp_path / "run", 2).folder.release()
    (tmp_path / "run" / "checkpoints" / "last.json").unlink()
    for which in ("best", "last"):
        with pytest.raises(IntegrityError, match=r"last\.json is missing.*--resume"):
            load(tmp_path / "run", which)
    with pytest.warns(HandgradWarning, match="was missing"):
        resume(tmp_path / "run").folder.release()
    with pytest.warns(HandgradWarning, match="first epoch"):
        assert load(tmp_path / "run").class_names


def test_a_run_stopped_in_its_first_epoch_predicts(tmp_path):
    run = stop_after(tmp_path / "run", 2)
    with pytest.warns(HandgradWarning, match="first epoch: the network after step 2"):
        best = load(tmp_path / "run")
    images = run.parts.dataset.test.images
    last = load(tmp_path / "run", "last")
    np.testing.assert_array_equal(best.scores(images), last.scores(images))


def test_the_warning_of_load_points_at_the_line_that_calls_it(tmp_path):
    stop_after(tmp_path / "run", 2)
    for read in (load, handgrad.load):
        with pytest.warns(HandgradWarning) as caught:
            read(tmp_path / "run")
        assert [warning.filename for warning in caught] == [__file__]


def test_a_lost_best_checkpoint_is_not_replaced_by_the_last(tmp_path):
    train(tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "best.json").unlink()
    with pytest.raises(IntegrityError, match=r"best\.json is missing"):
        load(tmp_path / "run")


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    run = train(tmp_path / "run")
    arrays = run.trainer.state()
    cases = {
        "should be": arrays | {"parameters/linear_1.bias": np.zeros(3, np.float32)},
        "float64": arrays | {"parameters/linear_1.bias": np.zeros(16)},
        "holds no parameters/linear_1.bias": {
            name: array for name, array in arrays.items() if "linear_1.bias" not in name
        },
    }
    for words, changed in cases.items():
        save_checkpoint(
            run.folder.checkpoints, changed, run.trainer.position, is_best=True
        )
        with pytest.raises(RunError, match=words):
            load(tmp_path / "run")


def test_a_flipped_bit_in_a_weight_is_refused(tmp_path):
    run = train(tmp_path / "run")
    pointer = json.loads((run.folder.checkpoints / "best.json").read_text())
    path = run.folder.checkpoints / pointer["checkpoint"] / "state.safetensors"
    arrays = load_arrays(path.read_bytes())
    arrays["parameters/linear_1.bias"][0] += 1
    path.write_bytes(save_arrays(arrays))
    with pytest.raises(IntegrityError, match=r"state\.safetensors is damaged") as error:
        load(tmp_path / "run")
    assert error.value.exit_code == 2


def test_normalisation_comes_with_the_network(tmp_path):
    config = small(
        dataset={**small().dataset.model_dump(), "normalization": "standard"}
    )
    run = train(tmp_path / "run", config)
    found = load(tmp_path / "run")
    assert found.normalization == run.trainer.engine.normalization
    split = Split(run.parts.train.images, run.parts.train.targets)
    assert found.evaluate(split).accuracy > 0.1
    assert load_checkpoint(run.folder.checkpoints).position == run.trainer.position


def test_targets_without_a_class_are_refused(classifier, images):
    targets = np.arange(len(images)) % 11
    with pytest.raises(
        ShapeError, match="gives 10 logits, but targets go from 0 to 10"
    ):
        classifier.evaluate(Split(images, targets))


def test_a_weighted_split_has_a_weighted_loss(classifier, images, run):
    targets = run.parts.dataset.test.targets
    weights = (np.arange(len(images)) < 5).astype(np.float32)
    first = classifier.evaluate(Split(images[:5], targets[:5]))
    whole = classifier.evaluate(Split(images, targets, weights))
    assert whole.loss == pytest.approx(first.loss, rel=1e-6)
    assert whole.accuracy == classifier.evaluate(Split(images, targets)).accuracy


def rewritten(path, change):
    """The file with other settings or arrays and matching checksums."""
    values, arrays = model_file._read(path)
    change(values["config"], arrays)
    path.write_bytes(model_file._content(values, arrays))


def resolved(**others):
    return lambda config, arrays: config["resolved"].update(others)


def weight(change):
    name = "parameters/linear_1.weight"
    return lambda config, arrays: arrays.update({name: change(arrays[name])})


MISFITS = {
    "another shape": weight(lambda array: array.T.copy()),
    "another dtype": weight(lambda array: array.astype(np.float64)),
    "an axis more": weight(lambda array: array[..., None]),
    "an array missing": lambda c, arrays: arrays.pop("parameters/linear_1.bias"),
    "no classes": resolved(class_names=[], label_type=None),
    "a class more": resolved(class_names=[*map(str, range(11))], label_type=None),
    "other channels": resolved(mean=[0.0] * 3, std=[1.0] * 3),
    "a tiny deviation": resolved(std=[1e-320]),
    "a large deviation": resolved(std=[1e300]),
    "many layers": lambda config, arrays: config["model"].update(
        name="mlp", hidden_sizes=[8] * 100_000
    ),
    "another network": lambda config, arrays: config["model"].update(name="lenet"),
    "a network of nobody": lambda config, arrays: config["model"].update(name="lent"),
}


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS)
def test_a_sealed_file_whose_parts_do_not_fit_is_named(classifier, tmp_path, change):
    path = tmp_path / "net.safetensors"
    classifier.save(path)
    rewritten(path, change)
    with pytest.raises(HandgradError) as refused:
        load(path)
    assert str(refused.value).startswith(str(path))
    assert str(refused.value).count(str(path)) == 1
