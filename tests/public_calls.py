"""Calls of every public name, right and wrong: what the test of process state runs.

A row stands for one name of a package's `__all__`: calls that work, and calls that
raise. A new public name needs a row here.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

import handgrad as hg
from handgrad import initializers, inspection, layers, models, network, schedules
from handgrad.datasets import Dataset, Normalization, PictureFolder, Split
from handgrad.datasets import load as load_data
from handgrad.datasets.untrusted_images import png_of
from handgrad.losses import L2, MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.models.named_layers import ACTIVATION_LAYERS
from handgrad.network import conv2d, flatten, linear, relu
from handgrad.optimizers import RULES, SGD, Adam, clip_by_norm, gradient_norm
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.training import (
    EpochRecord,
    Position,
    RunConfig,
    RunFolder,
    StepRecord,
    TrainedNetwork,
    Trainer,
    TrainingSettings,
    config_from,
    load,
    read_config,
    resume,
    runs,
    should_stop,
    start,
)

KEY = Key(1)
IMAGES = (np.arange(40 * 64).reshape(40, 1, 8, 8) * 7 % 251).astype(np.uint8)
TARGETS = (np.arange(40) % 4).astype(np.int64)
FLOATS = np.linspace(-2, 2, 3 * 2 * 8 * 8).reshape(3, 2, 8, 8).astype(np.float32)
LOGITS, CLASSES = FLOATS.reshape(3, -1)[:, :4], np.array([0, 3, 1])
NOTHING = Split(IMAGES[:0], TARGETS[:0])
MISSING = Path("/nowhere/at/all")
SPLIT = Split(IMAGES, TARGETS)
TABLES = {
    "dataset": {"name": "digits", "image_size": [8, 8], "train_count": 40},
    "model": {"name": "mlp", "hidden_sizes": [8]},
    "training": {"epochs": 1, "batch_size": 16},
}


@dataclass(frozen=True)
class Row:
    """Calls without arguments, of one public name."""

    right: tuple
    wrong: tuple = ()


def row(*right, wrong=()):
    return Row(right, tuple(wrong))


def folder():
    return Path(mkdtemp(prefix="handgrad-calls-"))


def picture_folder():
    return PictureFolder.create(folder() / "pictures", "Pictures")


def classifier(**settings):
    rows = [conv2d(2, 3), flatten(), linear(8), relu(), linear()]
    return hg.Classifier(rows, epochs=1, batch_size=16, **settings)


@cache
def fitted():
    return classifier().fit(IMAGES[:, 0], TARGETS)


@cache
def finished_run():
    run = start(config_from(TABLES), folder() / "run")
    for record in run:
        del record
    return run


def written_model():
    return fitted().to_onnx(folder() / "net.onnx")


def torch_file():
    return hg.interop.save_torch_weights(fitted(), folder() / "net.safetensors")


def trainer(engine="cpu", **options):
    return Trainer.for_model(
        models.mlp(input_shape=(1, 8, 8), hidden_sizes=[8], classes=4),
        SPLIT,
        SPLIT,
        loss=SoftmaxCrossEntropy(),
        optimizer=Adam(0.01),
        settings=TrainingSettings(epochs=1, batch_size=16),
        engine=engine,
        **options,
    )


def passes(layer, inputs=FLOATS):
    """Forward and backward, training and not."""
    for training in (False, True):
        outputs, cache_ = layer.forward(inputs, training=training, key=KEY)
        layer.backward(np.ones_like(outputs), cache_)


def layer(make, *wrong, inputs=FLOATS):
    return row(lambda: passes(make(), inputs), wrong=wrong)


def loss(make, *wrong):
    def run():
        made = make()
        made.backward(made.forward(LOGITS, CLASSES)[1])

    return row(run, wrong=wrong)


def optimizer(kind):
    def run():
        made, parameter = kind(0.1), Parameter(np.ones(3, np.float32))
        state = made.initial_state(parameter)
        made.update(parameter, np.full(3, 1e3, np.float32), state, 1)

    return row(run, wrong=[lambda: kind(-1)])


def pictured(inspect, *wrong):
    """An inspection, its table, its figure and its notebook form."""

    def run():
        result = inspect()
        result.figure()
        result.table()
        result._repr_html_()

    return row(run, wrong=wrong)


def of_fitted(name, *wrong, data=(IMAGES[:, 0], TARGETS), **options):
    inspect = getattr(inspection, name)
    return pictured(
        lambda: inspect(fitted(), *data, **options),
        lambda: inspect(MISSING),
        *wrong,
    )


def check_by(way):
    value = inspection.LayerValue(layers.Tanh(), FLOATS.astype(np.float64), key=KEY)
    return row(lambda: way(value, key=KEY))


def drawn(initializer):
    return row(
        lambda: initializer((3, 4), KEY), wrong=[lambda: initializer((10**13, 9), KEY)]
    )


FLAT = FLOATS.reshape(3, -1)
CLASSIFIER = {
    "Classifier": row(
        fitted,
        lambda: classifier(engine="plain").fit(IMAGES[:, 0], TARGETS),
        lambda: classifier().partial_fit(IMAGES[:, 0], TARGETS),
        lambda: fitted().predict(IMAGES[:, 0]),
        lambda: fitted().predict_proba(IMAGES[:1, 0]),
        lambda: fitted().score(IMAGES[:, 0], TARGETS),
        lambda: fitted().evaluate(IMAGES[:, 0], TARGETS),
        lambda: fitted().history_.plot(),
        lambda: fitted().save(folder() / "one.safetensors"),
        wrong=[
            lambda: classifier().fit(IMAGES[:, 0], TARGETS[:3]),
            lambda: classifier().predict(IMAGES[:, 0]),
            lambda: fitted().predict(IMAGES[:, 0, :3]),
            lambda: fitted().save(MISSING / "one.safetensors"),
            lambda: classifier(learning_rate=1e30, optimizer="sgd").fit(
                IMAGES[:, 0], TARGETS
            ),
        ],
    ),
    "from_onnx": row(
        lambda: hg.from_onnx(written_model()).predict(IMAGES[:, 0]),
        wrong=[lambda: hg.from_onnx(MISSING)],
    ),
    "interop.from_torch": row(
        lambda: hg.interop.from_torch(hg.interop.to_torch(fitted()), (1, 8, 8)),
        wrong=[lambda: hg.interop.from_torch(3, (1, 8, 8))],
    ),
    "interop.load_torch_weights": row(
        lambda: hg.interop.load_torch_weights(fitted().network_, torch_file()),
        wrong=[lambda: hg.interop.load_torch_weights(fitted().network_, MISSING)],
    ),
    "interop.save_torch_weights": row(
        lambda: torch_file(),
        wrong=[lambda: hg.interop.save_torch_weights(fitted(), MISSING)],
    ),
    "interop.to_torch": row(
        lambda: hg.interop.to_torch(fitted()), wrong=[lambda: hg.interop.to_torch(3)]
    ),
    "interop.torch_names": row(
        lambda: hg.interop.torch_names(fitted()),
        wrong=[lambda: hg.interop.torch_names(3)],
    ),
    "interop.log_live": row(
        lambda: list(hg.interop.log_live(finished_run(), folder() / "live.jsonl")),
        wrong=[lambda: list(hg.interop.log_live(finished_run(), MISSING / "live"))],
    ),
    "interop.log_to_tensorboard": row(
        lambda: list(hg.interop.log_to_tensorboard(finished_run(), folder())),
        wrong=[lambda: list(hg.interop.log_to_tensorboard(finished_run(), ""))],
    ),
    "interop.to_c": row(
        lambda: hg.interop.to_c(fitted(), folder() / "net.c"),
        wrong=[lambda: hg.interop.to_c(3, MISSING.with_suffix(".c"))],
    ),
    "interop.to_onnx": row(
        written_model, wrong=[lambda: hg.interop.to_onnx(3, MISSING)]
    ),
    "interop.to_python": row(
        lambda: hg.interop.to_python(fitted(), folder() / "net.py"),
        wrong=[lambda: hg.interop.to_python(fitted(), MISSING)],
    ),
    "interop.to_tensorboard": row(
        lambda: hg.interop.to_tensorboard(finished_run().folder.path, folder()),
        wrong=[lambda: hg.interop.to_tensorboard(MISSING, folder())],
    ),
    "load": row(
        lambda: hg.load(finished_run().folder.path).predict(IMAGES),
        wrong=[lambda: hg.load(MISSING)],
    ),
    "train": row(
        lambda: hg.train(TABLES, folder() / "run"),
        wrong=[lambda: hg.train("nothing"), lambda: hg.train(3)],
    ),
}
DATASETS = {
    "datasets.Dataset": row(lambda: Dataset("own", SPLIT, None, ("a",), "")),
    "datasets.Normalization": row(
        lambda: Normalization((0.5,), (0.5,)).apply(IMAGES),
        wrong=[lambda: Normalization((), ())],
    ),
    "datasets.PictureFolder": row(
        lambda: picture_folder().add("a", png_of(IMAGES[0])),
        lambda: picture_folder().counts,
        wrong=[
            lambda: PictureFolder(MISSING),
            lambda: picture_folder().add("a", b"x"),
            lambda: picture_folder().remove_last("a"),
        ],
    ),
    "datasets.Split": row(lambda: len(SPLIT)),
    "datasets.fetch": row(wrong=[lambda: hg.datasets.fetch("nothing")]),
    "datasets.load": row(
        lambda: load_data("digits"), wrong=[lambda: load_data("nothing")]
    ),
    "datasets.normalization": row(
        lambda: hg.datasets.normalization("standard", IMAGES),
        wrong=[lambda: hg.datasets.normalization("nothing", IMAGES)],
    ),
    "datasets.split": row(
        lambda: hg.datasets.split(SPLIT, 0.5, KEY),
        wrong=[lambda: hg.datasets.split(SPLIT, -1, KEY)],
    ),
}
INITIALIZERS = {
    "initializers.zeros": drawn(initializers.zeros),
    "initializers.normal": drawn(initializers.normal(0.1)),
    "initializers.uniform": drawn(initializers.uniform(0.1)),
    "initializers.he_normal": drawn(initializers.he_normal),
    "initializers.he_uniform": drawn(initializers.he_uniform),
    "initializers.glorot_normal": drawn(initializers.glorot_normal),
    "initializers.glorot_uniform": drawn(initializers.glorot_uniform),
    "initializers.whitening": row(
        lambda: initializers.whitening((4, 1, 2, 2), KEY),
        wrong=[lambda: initializers.whitening((4, 2), KEY)],
    ),
    "initializers.fans": row(lambda: initializers.fans((2, 3))),
}
INSPECTION = {
    "inspection.CheckRow": row(
        lambda: inspection.CheckRow("layer", "x", "float64", 1, 1, 0.0, 1, "", 0, True)
    ),
    "inspection.LayerValue": check_by(inspection.by_projection),
    "inspection.LossValue": row(
        lambda: inspection.LossValue(SoftmaxCrossEntropy(), LOGITS, CLASSES)
    ),
    "inspection.NetworkValue": row(
        lambda: inspection.NetworkValue(
            layers.Tanh(), SoftmaxCrossEntropy(), LOGITS, CLASSES, key=KEY
        )
    ),
    "inspection.Table": row(lambda: str(inspection.Table(("a",), (("b",),)))),
    "inspection.activation_functions": pictured(
        inspection.activation_functions,
        lambda: inspection.activation_functions(["nothing"]),
    ),
    "inspection.by_entry": check_by(inspection.by_entry),
    "inspection.by_projection": check_by(inspection.by_projection),
    "inspection.check_catalogue": row(lambda: next(inspection.check_catalogue())),
    "inspection.confusion": of_fitted("confusion"),
    "inspection.dropout_statistics": pictured(
        inspection.dropout_statistics, lambda: inspection.dropout_statistics([-1])
    ),
    "inspection.feature_maps": of_fitted("feature_maps", image=0),
    "inspection.filters": pictured(
        lambda: inspection.filters(fitted()), lambda: inspection.filters(MISSING)
    ),
    "inspection.gradient_flow": of_fitted("gradient_flow"),
    "inspection.jacobians": pictured(
        inspection.jacobians, lambda: inspection.jacobians(MISSING)
    ),
    "inspection.learning_rate_finder": pictured(
        lambda: inspection.learning_rate_finder(
            models.mlp(input_shape=(1, 8, 8), hidden_sizes=[8], classes=4),
            IMAGES,
            TARGETS,
            steps=20,
            batch_size=16,
        ),
        lambda: inspection.learning_rate_finder("nothing", IMAGES, TARGETS),
    ),
    "inspection.memory": pictured(
        lambda: inspection.memory("softmax_regression", batch_size=16),
        lambda: inspection.memory("nothing"),
    ),
    "inspection.microscope": of_fitted(
        "microscope", layer="linear_1", index=(0, 0), image=0
    ),
    "inspection.mistakes": of_fitted("mistakes"),
    "inspection.occlusion": of_fitted("occlusion", image=0),
    "inspection.reliability": of_fitted("reliability", bins=5),
    "inspection.labels": row(
        lambda: inspection.labels(finished_run().folder.path, folds=2, epochs=1).csv(),
        wrong=[lambda: inspection.labels(MISSING)],
    ),
    "inspection.saturation": of_fitted("saturation", data=(IMAGES[:, 0],)),
    "inspection.softmax_numerics": pictured(
        inspection.softmax_numerics, lambda: inspection.softmax_numerics(classes=0)
    ),
    "inspection.trace": of_fitted("trace"),
}
LAYERS = {
    **{
        f"layers.{kind.__name__}": layer(kind, inputs=1000 * FLOATS)
        for kind in ACTIVATION_LAYERS
    },
    "layers.AveragePool2d": layer(lambda: layers.AveragePool2d(2)),
    "layers.BatchNorm1d": layer(lambda: layers.BatchNorm1d(128), inputs=FLAT),
    "layers.BatchNorm2d": layer(lambda: layers.BatchNorm2d(2)),
    "layers.Conv2d": layer(
        lambda: layers.Conv2d(2, 3, 3, key=KEY), lambda: layers.Conv2d(0, 1, 1)
    ),
    "layers.Concatenate": layer(
        lambda: layers.Concatenate([layers.Tanh(), layers.Sequential([])]),
        lambda: layers.Concatenate([]),
    ),
    "layers.GroupNorm": layer(
        lambda: layers.GroupNorm(2, 2), lambda: layers.GroupNorm(3, 2)
    ),
    "layers.LayerNorm": layer(
        lambda: layers.LayerNorm((2, 8, 8)), lambda: layers.LayerNorm(0)
    ),
    "layers.Multiply": layer(
        lambda: layers.Multiply(layers.GlobalAveragePool2d()),
        lambda: layers.Multiply(layers.Flatten()).output_shape((2, 8, 8)),
    ),
    "layers.Dropout": layer(
        lambda: layers.Dropout(0.5),
        lambda: layers.Dropout(1),
        lambda: layers.Dropout(0.5).forward(FLOATS, training=True),
    ),
    "layers.Flatten": layer(layers.Flatten),
    "layers.GELU": layer(layers.GELU, lambda: layers.GELU("nothing")),
    "layers.GlobalAveragePool2d": layer(layers.GlobalAveragePool2d),
    "layers.Linear": layer(
        lambda: layers.Linear(128, 3, key=KEY),
        lambda: layers.Linear(0, 1),
        lambda: layers.Linear(3, 1).output_shape((4,)),
        inputs=FLAT,
    ),
    "layers.MaxPool2d": layer(lambda: layers.MaxPool2d(2)),
    "layers.Residual": layer(
        lambda: layers.Residual(layers.Tanh()),
        lambda: layers.Residual(layers.Flatten()).output_shape((2, 8, 8)),
    ),
    "layers.Sequential": layer(
        lambda: layers.Sequential([layers.Tanh(), layers.Flatten()]),
        lambda: layers.Sequential([layers.Linear(3, 1)]).output_shape((4,)),
    ),
    "layers.Softmax": layer(layers.Softmax, inputs=1e30 * FLAT),
}
LOSSES = {
    "losses.L2": row(lambda: L2(0.1).penalty({}), wrong=[lambda: L2(-1)]),
    "losses.MeanSquaredError": loss(MeanSquaredError),
    "losses.MulticlassSVM": loss(MulticlassSVM, lambda: MulticlassSVM(0)),
    "losses.SoftmaxCrossEntropy": loss(
        SoftmaxCrossEntropy, lambda: SoftmaxCrossEntropy(1)
    ),
}
OWN_LAYER = layers.Sequential([type("Mine", (layers.Tanh,), {})()])
MODELS = {
    f"models.{name}": row(
        lambda name=name: getattr(models, name)(input_shape=(1, 28, 28)),
        wrong=[lambda name=name: getattr(models, name)(input_shape=(0, 0, 0))],
    )
    for name in (
        "airbench",
        "alexnet",
        "lenet",
        "mlp",
        "perceptron",
        "resnet",
        "softmax_regression",
        "vgg",
    )
} | {
    "models.from_layers": row(
        lambda: models.from_layers(layers=[flatten(), linear(3)], classes=3),
        wrong=[lambda: models.from_layers(layers=[{"name": "nothing"}])],
    ),
    **{
        f"models.{name}": row(
            lambda name=name: getattr(models, name)(models.lenet()),
            wrong=[lambda name=name: getattr(models, name)(OWN_LAYER)],
        )
        for name in ("as_python", "as_toml", "to_layers")
    },
}
OPTIONS = {"conv2d": (2, 3), "max_pool2d": (2,), "average_pool2d": (2,)}
OPTIONS |= {"group_norm": (2,), "multiply": ([flatten()],), "concatenate": ([[]],)}
OPTIONS |= {"dropout": (0.5,), "residual": ([flatten()],), "sequential": ([flatten()],)}
NETWORK = {
    f"network.{name}": row(
        lambda name=name: getattr(network, name)(*OPTIONS.get(name, ()))
    )
    for name in network.__all__
}
OPTIMIZERS = {
    **{f"optimizers.{rule.__name__}": optimizer(rule) for rule in RULES},
    "optimizers.clip_by_norm": row(lambda: clip_by_norm({"a": FLOATS}, 0.1)),
    "optimizers.gradient_norm": row(lambda: gradient_norm({"a": FLOATS})),
}
SCHEDULES = {
    "schedules.check_schedule": row(
        lambda: schedules.check_schedule("SGD", schedules.constant(0.1)),
        wrong=[
            lambda: schedules.check_schedule("SGD", 0.1),
            lambda: schedules.check_schedule("SGD", schedules.cosine),
        ],
    ),
    "schedules.constant": row(lambda: schedules.constant(0.1)(1)),
    "schedules.cosine": row(
        lambda: schedules.cosine(0.1, steps=3)(1),
        wrong=[lambda: schedules.cosine(0.1, steps=0)],
    ),
    "schedules.one_cycle": row(lambda: schedules.one_cycle(0.1, steps=3)(1)),
    "schedules.step_decay": row(lambda: schedules.step_decay(0.1, every=2)(1)),
    "schedules.reschedule": row(
        lambda: schedules.reschedule(int, after=1, steps=9, end=4)(2)
    ),
    "schedules.warm_up": row(
        lambda: schedules.warm_up(schedules.constant(0.1), steps=3)(1)
    ),
}


def one_step(engine):
    next(iter(trainer(engine)))


TRAINING = {
    "training.EpochRecord": row(
        lambda: EpochRecord(1, 1, 0, 0, None, None, 0, True, 0, 0)
    ),
    "training.Position": row(
        lambda: Position.from_numbers(Position().as_numbers()),
        wrong=[lambda: Position.from_numbers({})],
    ),
    "training.Run": row(
        lambda: start(config_from(TABLES), folder() / "run").save(),
        lambda: list(finished_run()),
    ),
    "training.RunConfig": row(
        lambda: RunConfig().to_toml(), wrong=[lambda: RunConfig(engine="nothing")]
    ),
    "training.RunFolder": row(
        lambda: RunFolder.open(finished_run().folder.path).records(),
        wrong=[lambda: RunFolder.open(MISSING)],
    ),
    "training.StepRecord": row(lambda: StepRecord(1, 1, 0, 0, 1, 0, None, 0)),
    "training.TrainedNetwork": row(
        lambda: load(finished_run().folder.path).predict_probabilities(IMAGES),
        lambda: load(finished_run().folder.path).evaluate(SPLIT),
        wrong=[
            lambda: TrainedNetwork(models.mlp(), RunConfig()),
            lambda: load(finished_run().folder.path).predict(IMAGES[:, :, :3]),
        ],
    ),
    "training.Trainer": row(
        lambda: list(trainer()),
        lambda: list(trainer("plain")),
        lambda: one_step("cpu"),  # a loop that is left after a step
        lambda: one_step("plain"),
        lambda: trainer().evaluate(SPLIT),
        lambda: list(trainer(clip_norm=0.1, l2=L2(0.1), workers=2)),
        wrong=[
            lambda: trainer("nothing"),
            lambda: trainer().evaluate(NOTHING),
            lambda: list(trainer(clip_norm="x")),
            lambda: Trainer.for_model(
                models.mlp(), SPLIT, loss=SoftmaxCrossEntropy(), optimizer=SGD(0.1)
            ),
        ],
    ),
    "training.TrainingSettings": row(
        TrainingSettings, wrong=[lambda: TrainingSettings(epochs=0)]
    ),
    "training.config_from": row(
        lambda: config_from(TABLES), wrong=[lambda: config_from({"nothing": 1})]
    ),
    "training.load": row(
        lambda: load(finished_run().folder.path).predict(IMAGES),
        wrong=[lambda: load(MISSING)],
    ),
    "training.read_config": row(
        lambda: read_config(finished_run().folder.path / "config.toml"),
        wrong=[lambda: read_config(MISSING)],
    ),
    "training.resume": row(
        lambda: resume(finished_run().folder.path), wrong=[lambda: resume(MISSING)]
    ),
    "training.runs": row(
        lambda: runs(finished_run().folder.path.parent), wrong=[lambda: runs(MISSING)]
    ),
    "training.should_stop": row(lambda: should_stop([1.0, 2.0], 1)),
    "training.start": row(
        finished_run,
        wrong=[
            lambda: start(config_from(TABLES), finished_run().folder.path),
            lambda: start(config_from({**TABLES, "dataset": {"name": "nothing"}})),
        ],
    ),
}
ROWS: dict[str, Row] = {
    **CLASSIFIER, **DATASETS, **INITIALIZERS, **INSPECTION, **LAYERS, **LOSSES,
    **MODELS, **NETWORK, **OPTIMIZERS, **SCHEDULES, **TRAINING,
}  # fmt: skip
# what cannot be called by itself
WITHOUT_CALLS = {
    "__version__", "inspection.Result", "inspection.Trace", "layers.Layer",
    "losses.Loss", "optimizers.Optimizer",
}  # fmt: skip


def all_calls():
    """Each call with its name; whether it must raise; itself."""
    for name, each in ROWS.items():
        for number, call in enumerate(each.right):
            yield f"{name}, right {number}", False, call
        for number, call in enumerate(each.wrong):
            yield f"{name}, wrong {number}", True, call
