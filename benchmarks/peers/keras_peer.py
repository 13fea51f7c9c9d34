"""The network in Keras on TensorFlow, with and without XLA."""

import os
from functools import partial
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # reads the two settings above
import numpy as np
import tensorflow as tf

from handgrad import layers, optimizers
from handgrad.arrays import NumpyArray
from handgrad.engine.workers import available_cores
from peers.task import (
    Step,
    Task,
    Way,
    outer_eps,
    plain_rate,
)


def ways(task: Task, *, compiled: bool = False) -> dict[str, Way]:
    """Keras's `train_on_batch`, and a custom training step in a graph."""
    makers = {"train_on_batch": make_own_step, "tf.function": make_graph_step}
    return {
        name: Way(partial(make, task, compiled=compiled), available_cores())
        for name, make in makers.items()
    }


def make_own_step(task: Task, *, compiled: bool) -> Step:
    """A step as `fit` runs it for one batch."""
    model, optimizer = translate(task), translate_optimizer(task)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, jit_compile=compiled)
    inputs, targets = images_of(task), task.targets

    def step(rows: NumpyArray) -> float:
        batch = np.take(inputs, rows, axis=0), targets[rows]
        return float(model.train_on_batch(*batch))

    return step


def make_graph_step(task: Task, *, compiled: bool) -> Step:
    """A step with gather, forward, backward and update in one graph."""
    model, optimizer = translate(task), translate_optimizer(task)
    optimizer.build(model.trainable_variables)
    inputs, targets = tf.constant(images_of(task)), tf.constant(task.targets)

    @tf.function(jit_compile=compiled)
    def step(rows: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = model(tf.gather(inputs, rows), training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.gather(targets, rows), logits
            )
            loss = tf.reduce_mean(losses)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    return lambda rows: step(tf.convert_to_tensor(rows)).numpy()


def images_of(task: Task) -> NumpyArray:
    """Floats in memory, channels last for TensorFlow."""
    return task.rows if task.is_dense else task.channels_last


def translate(task: Task) -> Any:
    """The Keras model with copies of the parameters."""
    pieces = task.pieces()
    parts, values = [], []
    for place, piece in enumerate(pieces):
        parts.append(translate_layer(task, piece.layer))
        if isinstance(piece.layer, layers.Linear):
            weight = task.dense_weight(place)
            values += [weight, piece.array("bias")]
        elif isinstance(piece.layer, layers.Conv2d):
            weight = piece.array("weight").transpose(2, 3, 1, 0)
            values += [weight, piece.array("bias")]
    model = keras.Sequential([keras.Input(images_of(task).shape[1:]), *parts])
    model.set_weights(values)
    return model


def translate_layer(task: Task, layer: Any) -> Any:
    """The Keras layer of a plain layer."""
    match layer:
        case layers.Linear():
            return keras.layers.Dense(layer.out_features)
        case layers.Conv2d():
            return keras.layers.Conv2D(
                layer.out_channels,
                layer.kernel_size,
                layer.stride,
                padding=_padding(task, layer),
            )
        case layers.MaxPool2d() if layer.padding == (0, 0):
            return keras.layers.MaxPooling2D(layer.kernel_size, layer.stride)
        case layers.AveragePool2d() if layer.padding == (0, 0):
            return keras.layers.AveragePooling2D(layer.kernel_size, layer.stride)
        case layers.GELU():
            form = partial(keras.ops.gelu, approximate=layer.approximate == "tanh")
            return keras.layers.Activation(form)
    plain = {
        layers.ReLU: partial(keras.layers.Activation, "relu"),
        layers.Sigmoid: partial(keras.layers.Activation, "sigmoid"),
        layers.SiLU: partial(keras.layers.Activation, "silu"),
        layers.Tanh: partial(keras.layers.Activation, "tanh"),
        layers.Flatten: keras.layers.Flatten,
    }
    if type(layer) not in plain:
        raise task.refuse("The peer in Keras", layer)
    return plain[type(layer)]()


def _padding(task: Task, layer: Any) -> str:
    """The padding mode: Keras supports none, or padding that keeps the image size."""
    if layer.padding == (0, 0):
        return "valid"
    keeping = tuple((size - 1) // 2 for size in layer.kernel_size)
    is_odd = all(size % 2 for size in layer.kernel_size)
    if is_odd and layer.padding == keeping and layer.stride == (1, 1):
        return "same"
    raise task.refuse("The peer in Keras", layer)


def translate_optimizer(task: Task) -> Any:
    """The Keras optimizer."""
    rule = task.network.build_optimizer()
    rate = plain_rate(rule)
    match rule:
        case optimizers.SGD() if rule.weight_decay == 0:
            return keras.optimizers.SGD(rate, rule.momentum, rule.nesterov)
        case optimizers.Adam() if rule.weight_decay == 0:
            means = rule.beta1, rule.beta2, outer_eps(rule)
            return keras.optimizers.Adam(rate, *means)
    raise task.refuse("The peer in Keras", rule)
