"""A step interrupted at any moment counts once or not at all, or raises an error."""

import signal
import sys
from contextlib import suppress
from linecache import getline

import numpy as np
import pytest

from handgrad import models
from handgrad.datasets.dataset import Split
from handgrad.engine.blas_threads import single_thread
from handgrad.engine.workers import Workers
from handgrad.errors import RunError
from handgrad.layers import BatchNorm1d, Flatten, Linear, ReLU, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam
from handgrad.randomness import Key
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer import Trainer

KEY = Key(4)
ENGINES = ("cpu", "plain")


def mlp():
    return models.mlp(input_shape=(1, 8, 8), hidden_sizes=[16])


class OwnReLU(ReLU):
    """A custom layer, which the CPU engine runs between two sections."""


def own_layer():
    return Sequential([Flatten(), Linear(64, 10, key=KEY), OwnReLU()])


def batch_norm():
    layers = [Flatten(), Linear(64, 16, key=KEY.child("a")), BatchNorm1d(16)]
    return Sequential([*layers, OwnReLU(), Linear(16, 10, key=KEY.child("b"))])


class OwnSGD(SGD):
    """A custom optimizer, which runs its own update."""


def trainer(engine, model=mlp, optimizer=None, clip_norm=None):
    images = (np.arange(80 * 64).reshape(80, 1, 8, 8) * 7 % 251).astype(np.uint8)
    split = Split(images, (np.arange(80) % 10).astype(np.int64))
    return Trainer.for_model(
        model(),
        split,
        split,
        loss=SoftmaxCrossEntropy(),
        optimizer=optimizer or Adam(0.01),
        settings=TrainingSettings(epochs=2, batch_size=16),
        engine=engine,
        workers=2,
        clip_norm=clip_norm,
    )


def bits(made):
    return made.position, {k: v.tobytes() for k, v in made.state().items()}


def finish(made):
    for record in made:
        del record
    return bits(made)


class Interrupter:
    """Raise at the n-th line that Python executes within handgrad's training code.

    An interrupt comes between two instructions; a line is the closest a test gets. It
    skips `with` and `try`, where the interpreter allows no interrupt.
    """

    FILES = ("trainer.py", "cpu.py", "plain.py", "training_program.py", "program.py")
    FILES += ("workers.py", "parameters.py")

    def __init__(self, line):
        self.left = line

    def __call__(self, frame, event, argument):
        if not frame.f_code.co_filename.endswith(self.FILES):
            return None
        line = getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and not line.startswith(("with ", "try:")):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def interrupted(made, line):
    """Compute one record, interrupted at this line; return whether it was reached."""
    loop, before = iter(made), sys.gettrace()
    sys.settrace(Interrupter(line))
    try:
        next(loop)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
        loop.close()
    return False


CASES = {
    "cpu": ("cpu", {}),
    "cpu, clipped": ("cpu", {"clip_norm": 0.01}),
    "cpu, a layer of one's own": ("cpu", {"model": own_layer}),
    "cpu, an optimizer of one's own": ("cpu", {"optimizer": OwnSGD(0.1, momentum=0.9)}),
    "cpu, batch norm and a layer of one's own": ("cpu", {"model": batch_norm}),
    "plain": ("plain", {}),
    "plain, batch norm": ("plain", {"model": batch_norm, "clip_norm": 0.01}),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", CASES)
def test_interrupted_at_any_line_training_continues_correctly_or_is_refused(name):
    interrupt_at_every(name, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_interrupted_anywhere_training_continues_correctly_or_is_refused(name):
    interrupt_at_every(name, 13)


def interrupt_at_every(name, stride):
    engine, options = CASES[name]
    expected = finish(trainer(engine, **options))
    refused, line, before = 0, 1, (np.geterr(), single_thread._contexts)
    while True:
        made = trainer(engine, **options)
        next(iter(made))
        if not interrupted(made, line):
            break
        with suppress(RunError):
            refused += 1
            assert finish(made) == expected, f"interrupted at line {line}"
            refused -= 1
        line += stride
    assert line > 60
    assert (np.geterr(), single_thread._contexts) == before
    assert refused == 0 or "one's own" in name or "clipped" in name


def test_a_refused_engine_works_again_with_a_saved_state():
    made = trainer("cpu", optimizer=Failing(0.1))
    next(iter(made))
    saved, position = made.state(), made.position
    made.engine.optimizer.fails = True
    with pytest.raises(ZeroDivisionError):
        next(iter(made))
    made.engine.optimizer.fails = False
    with pytest.raises(RunError, match="Restore a saved state"):
        made.state()
    with pytest.raises(RunError, match="Restore a saved state"):
        next(iter(made))
    made.restore(saved, position)
    assert finish(made) == finish(trainer("cpu", optimizer=Failing(0.1)))


class Failing(SGD):
    """An optimizer that fails at the second parameter on request."""

    fails = False
    calls = 0

    def update(self, parameter, gradient, state, step):
        self.calls += 1
        if self.fails and self.calls % 2 == 0:
            raise ZeroDivisionError
        super().update(parameter, gradient, state, step)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_of_a_users_layer_leaves_the_network_as_it_was(engine, monkeypatch):
    made = trainer(engine, model=own_layer)
    next(iter(made))
    before = bits(made)
    with monkeypatch.context() as patch:
        patch.setattr(OwnReLU, "backward", None)
        with pytest.raises(TypeError):
            next(iter(made))
    assert bits(made) == before
    assert finish(made) == finish(trainer(engine, model=own_layer))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_signal_during_a_step_is_raised_and_counted_once(
    engine, monkeypatch, request
):
    """A real SIGINT, sent by the process itself and raised by Python's handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # off in nohup
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    expected = finish(trainer(engine))
    for step in range(1, 12, 3):
        made = trainer(engine)
        original = made.engine.train_step
        calls = [0]

        def send(batch, number, original=original, calls=calls, step=step):
            calls[0] += 1
            if calls[0] == step:
                signal.raise_signal(signal.SIGINT)
            return original(batch, number)

        made.engine.train_step = send
        with pytest.raises(KeyboardInterrupt):
            list(made)
        del made.engine.train_step
        assert finish(made) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_two_iterators_take_turns(engine):
    made, alone = trainer(engine), trainer(engine)
    expected = [(type(r).__name__, r.step) for r in alone]
    one, other = iter(made), iter(made)
    found, empty = [], 0
    while empty < 2:
        empty = 0
        for loop in (one, other):
            record = next(loop, None)
            empty += record is None
            found += [] if record is None else [(type(record).__name__, record.step)]
    assert found == expected
    assert bits(made) == bits(alone)


def test_worker_threads_are_usable_after_an_interrupt_before_running(monkeypatch):
    made = trainer("cpu")
    next(iter(made))
    step, calls = Workers._step, [0]

    def interrupt(self, generation):
        calls[0] += 1
        if calls[0] == 1:
            from handgrad.engine.kernels import execute

            execute.announce(self._shared.address, generation)
            raise KeyboardInterrupt
        step(self, generation)

    monkeypatch.setattr(Workers, "_step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        next(iter(made))
    assert finish(made) == finish(trainer("cpu"))
