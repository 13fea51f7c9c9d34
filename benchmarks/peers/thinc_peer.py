"""The network in Thinc, with Thinc's own matrix products or NumPy's."""

from functools import partial
from typing import Any

import numpy as np
from thinc.api import Linear, NumpyOps, Optimizer, Relu, Softmax, chain, set_current_ops

from handgrad import layers, optimizers
from handgrad.arrays import NumpyArray
from handgrad.engine.workers import available_cores
from peers.blas import limit_blas
from peers.task import (
    Step,
    Task,
    Way,
    outer_eps,
    plain_rate,
)


class BlasOps(NumpyOps):
    """Thinc's NumPy operations with matrix products by NumPy's multithreaded BLAS."""

    def gemm(
        self,
        x: Any,
        y: Any,
        out: Any = None,
        trans1: bool = False,
        trans2: bool = False,
    ) -> Any:
        """Return a matrix product; either factor may be transposed."""
        return np.matmul(x.T if trans1 else x, y.T if trans2 else y, out=out)

    def affine(self, X: Any, W: Any, b: Any) -> Any:  # noqa: N803 (Thinc's names)
        """Return the outputs of a linear layer."""
        outputs = np.matmul(X, W.T)
        outputs += b
        return outputs


def ways(task: Task) -> dict[str, Way]:
    """Thinc's own products on one thread; NumPy's BLAS with one thread and with all."""
    found = {"own products": Way(partial(make_step, task, NumpyOps), 1)}
    for threads in {1, available_cores()}:
        make = partial(make_step, task, BlasOps)
        ready = partial(limit_blas, threads)
        found[f"BLAS on {threads}"] = Way(make, threads, ready)
    return found


def make_step(task: Task, operations: Any) -> Step:
    """A training step as in Thinc's tutorials that also returns the loss."""
    set_current_ops(operations())
    model = translate(task)
    optimizer = translate_optimizer(task)
    inputs, targets = task.rows, task.targets

    def step(rows: NumpyArray) -> float:
        wanted, places = targets[rows], np.arange(len(rows))
        chances, backpropagate = model.begin_update(np.take(inputs, rows, axis=0))
        loss = -np.log(chances[places, wanted]).mean()
        chances[places, wanted] -= 1
        chances /= len(rows)
        backpropagate(chances)
        model.finish_update(optimizer)
        return float(loss)

    return step


def translate(task: Task) -> Any:
    """The Thinc model: linear layers with activations and copies of the parameters."""
    pieces, parts = task.pieces(), []
    for place, piece in enumerate(pieces):
        if not isinstance(piece.layer, layers.Linear | layers.ReLU | layers.Flatten):
            raise task.refuse("The peer in Thinc", piece.layer)
        if not isinstance(piece.layer, layers.Linear):
            continue
        behind = pieces[place + 1].layer if place + 1 < len(pieces) else None
        kind = Relu if isinstance(behind, layers.ReLU) else Linear
        kind = Softmax if behind is None else kind
        part = kind(nO=piece.layer.out_features, nI=piece.layer.in_features)
        part.initialize()
        weight = task.dense_weight(place).T
        part.set_param("W", np.ascontiguousarray(weight))
        part.set_param("b", piece.array("bias"))
        parts.append(part)
    return parts[0] if len(parts) == 1 else chain(*parts)


def translate_optimizer(task: Task) -> Any:
    """The Thinc optimizer, without Thinc's default L2, clipping and averaging."""
    rule = task.network.build_optimizer()
    plain = {"L2": 0.0, "grad_clip": 0.0, "use_averages": False}
    match rule:
        case optimizers.SGD() if rule.momentum == rule.weight_decay == 0:
            return Optimizer(plain_rate(rule), beta1=0.0, beta2=0.0, **plain)
        case optimizers.Adam() if rule.weight_decay == 0:
            means = {"beta1": rule.beta1, "beta2": rule.beta2, "eps": outer_eps(rule)}
            return Optimizer(plain_rate(rule), **means, **plain)
    raise task.refuse("The peer in Thinc", rule)
