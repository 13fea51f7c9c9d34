import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.layers import BatchNorm1d, Dropout, Linear, Residual, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import from_layers, lenet, resnet
from handgrad.randomness import Key
from handgrad.training import load
from handgrad.training.freezing import multipliers, set_multipliers
from handgrad.training.non_finite import forward_and_backward
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.verify import verify
from studies.test_contents import pictures

from .small import DIGITS, final_bits, small, stop_after, train
from .test_start_from import best, initial

NORMED = {
    "name": "from_layers",
    "layers": [
        *({"name": "conv2d", "out_channels": 3, "kernel_size": 3},),
        *({"name": "batch_norm2d"}, {"name": "relu"}),
        *({"name": "conv2d", "out_channels": 4, "kernel_size": 3},),
        *({"name": "relu"}, {"name": "global_average_pool2d"}, {"name": "linear"}),
    ],
}


def marked(model, **how):
    config = small(start={"source": "a run", **how})
    return multipliers(set_multipliers(model, config))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A run with batch normalization."""
    path = tmp_path_factory.mktemp("source") / "run"
    train(path, small(model=NORMED, dataset={**DIGITS, "normalization": "standard"}))
    return path


def of(path, engine="plain", **how):
    start = {"source": str(path), **how}
    adamw = {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.5}
    loss = {"name": "softmax_cross_entropy", "l2": 0.01}
    return small(start=start, model=NORMED, engine=engine, optimizer=adamw, loss=loss)


def test_a_number_counts_layers_with_weights():
    model = lenet(classes=3)
    assert marked(model, freeze=3) == {"frozen": ["conv2d_1", "conv2d_2", "linear_1"]}
    assert marked(model) == {"frozen": ["conv2d_1", "conv2d_2", "linear_1"]}  # stays
    slow = marked(lenet(classes=3), freeze=1, backbone_multiplier=0.25)
    assert slow["frozen"] == ["conv2d_1"]
    assert slow["x 0.25"] == ["conv2d_2", "linear_1", "linear_2"]


@pytest.mark.parametrize("freeze", ["all-but-last", 4])
def test_a_multiplier_without_layers_to_slow_is_refused(freeze):
    with pytest.raises(ConfigError, match="Leave it out, or freeze fewer"):
        marked(lenet(classes=3), freeze=freeze, backbone_multiplier=0.5)


def test_batch_norm_belongs_to_the_layer_before_and_a_block_is_one_layer():
    model = resnet(input_shape=(3, 8, 8), classes=3, channels=[4, 8])
    names = ["conv2d_1", "batch_norm2d_1", "residual_1"]
    assert marked(model, freeze=2) == {"frozen": names}
    block = model.layers["residual_1"]
    assert isinstance(block, Residual)
    assert {p.learning_rate_multiplier for p in block.parameters().values()} == {0}
    everything = marked(model, freeze="all-but-last")["frozen"]
    assert everything == [*names, "residual_2"]


def test_the_last_layer_is_always_trained():
    said = r"start\.freeze is 5, but mlp has 5 layers with weights.*Freeze at most 4\."
    with pytest.raises(ConfigError, match=said):
        marked(lenet(classes=3), freeze=5)
    one = from_layers(
        layers=[{"name": "flatten"}, {"name": "linear"}], input_shape=(1, 2, 2)
    )
    assert isinstance(one, Sequential)
    assert marked(one, freeze="all-but-last", backbone_multiplier=0.1) == {}


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_frozen_layers_keep_their_arrays_and_the_run_resumes_exactly(
    tmp_path, source, engine
):
    config = of(source, engine, freeze=1, backbone_multiplier=0.5)
    train(tmp_path / "whole", config)
    stop_after(tmp_path / "cut", 2, config)
    list(resume(tmp_path / "cut", workers=3 if engine == "cpu" else None))
    assert final_bits(tmp_path / "cut") == final_bits(tmp_path / "whole")
    verify(tmp_path / "cut", from_start=True)
    before, after = best(source), best(tmp_path / "whole")
    for name, array in after.items():
        if name.startswith(("parameters", "buffers")):
            is_same = np.array_equal(array, before[name])
            assert is_same == ("conv2d_1" in name or "batch_norm" in name), name
    loaded = load(tmp_path / "whole")
    assert multipliers(loaded.model)["x 0.5"] == ["conv2d_2"]
    loaded.save(tmp_path / "file.safetensors")
    again = load(tmp_path / "file.safetensors")
    assert multipliers(again.model) == multipliers(loaded.model)
    assert again.config.start.freeze == 1


def test_a_multiplier_slows_the_backbone(tmp_path, source):
    moved = {}
    for slow in (1.0, 0.01):
        run = train(tmp_path / f"{slow}", of(source, backbone_multiplier=slow))
        began, ended = initial(run), best(tmp_path / f"{slow}")
        for name in ("conv2d_1.weight", "linear_1.weight"):
            key = f"parameters/{name}"
            moved[slow, name] = float(np.abs(ended[key] - began[key]).max())
    assert moved[0.01, "conv2d_1.weight"] < 0.05 * moved[1.0, "conv2d_1.weight"]
    assert moved[0.01, "linear_1.weight"] > 0.3 * moved[1.0, "linear_1.weight"]


def test_old_files_stay_the_same_and_a_start_says_what_is_frozen(source):
    assert "freeze" not in of(source).to_toml()
    assert "freeze = 2" in of(source, freeze=2).to_toml()
    for wrong in (0, -1, "first", 1.5, True):
        with pytest.raises(ConfigError, match=r"start\.freeze"):
            of(source, freeze=wrong)
    with pytest.raises(ConfigError, match=r"start\.backbone_multiplier"):
        of(source, backbone_multiplier=0.0)


def test_a_network_with_global_pooling_takes_images_of_another_size(tmp_path, source):
    folder = pictures(tmp_path / "pictures")
    dataset = {"name": str(folder), "validation": 0.2, "image_size": [12, 10]}
    config = of(source, freeze="all-but-last").model_copy(
        update={"dataset": small(dataset=dataset).dataset}
    )
    run = start(config, tmp_path / "run")
    assert run.config.resolved.input_shape == (1, 12, 10)
    assert run.config.resolved.new_arrays == (
        "parameters/linear_1.weight",
        "parameters/linear_1.bias",
    )
    assert run.config.resolved.mean == load(source).config.resolved.mean


def test_a_value_that_is_not_finite_is_found_as_the_frozen_layers_run():
    model = Sequential([Linear(3, 3), BatchNorm1d(3), Dropout(0.5), Linear(3, 2)])
    key, inputs, targets = Key(0), np.ones((2, 3), np.float32), np.zeros(2, int)
    for layer in list(model.layers.values())[:2]:
        for parameter in layer.parameters().values():
            parameter.learning_rate_multiplier = 0
    before = {name: one.value.copy() for name, one in model.buffers().items()}
    names = [
        name
        for name, _ in forward_and_backward(
            model, SoftmaxCrossEntropy(), inputs, targets, key
        )
    ]
    assert names[-1] == "the gradient of the inputs of dropout_1"
    for name, one in model.buffers().items():
        np.testing.assert_array_equal(one.value, before[name])
