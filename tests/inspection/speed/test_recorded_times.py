import numpy as np
import pytest

from handgrad.inspection.speed.networks import network, pictures
from handgrad.inspection.speed.operation_times import instead, random_batches
from handgrad.inspection.speed.race import make_engine
from handgrad.inspection.speed.recorded_times import (
    PlainWork,
    StampedProgram,
    cost_of_a_stamp,
    spans,
)

TINY = network("mlp", {"hidden_sizes": [16]})


@pytest.fixture
def batches():
    return random_batches(*pictures((1, 28, 28), 200), 200, 3)


def test_spans_are_summed_over_tiles():
    stamps = np.array([[[1, 999_999_990], [2, 10], [2, 30]], [[5, 0], [5, 1], [5, 4]]])
    assert spans(stamps) == pytest.approx([21e-9, 23e-9])


def test_a_stamped_step_has_the_same_bits(batches):
    plain, timed = (make_engine(TINY, 200, 2) for _ in range(2))
    stamped = StampedProgram(timed.training.program)
    for step, batch in enumerate(batches, 1):
        loss = plain.train_step(batch, step).loss
        with instead(timed, stamped):
            assert timed.train_step(batch, step).loss == loss
    for name, value in plain.state().items():
        assert np.array_equal(value, timed.state()[name])


def test_every_operation_of_every_task_is_timed(batches):
    engine = make_engine(TINY, 200, 2)
    program = engine.training.program
    stamped = StampedProgram(program)
    with instead(engine, stamped):
        engine.train_step(batches[0], 1)
    assert engine.training.program is program
    seconds = stamped.seconds()
    tasks = [task for phase in program.phases for task in phase.tasks]
    kinds = {id(task.operations): len(task.operations) for task in tasks}
    assert len(seconds) == sum(kinds.values())
    assert sum(len(part.tiles) for part in stamped.parts) == len(tasks)
    assert (seconds >= 0).all()
    assert seconds.sum() > 0
    for part in stamped.parts:
        assert (part.stamps[part.tiles] > 0).any(axis=-1).all()


def test_work_of_the_reference_implementation_is_timed(batches):
    from handgrad.engine.cpu import CpuEngine
    from handgrad.losses import SoftmaxCrossEntropy
    from handgrad.optimizers import SGD

    engine = CpuEngine(
        TINY.build(),
        SoftmaxCrossEntropy(),
        SGD(0.1),
        TINY.normalization,
        input_shape=(1, 28, 28),
        batch_size=200,
        clip_norm=1.0,
        workers=1,
    )
    stamped = StampedProgram(engine.training.program)
    with instead(engine, stamped):
        engine.train_step(batches[0], 1)
    plain = [part for part in stamped.parts if isinstance(part, PlainWork)]
    assert [part.phase for part in plain] == ["norm"]
    assert plain[0].elapsed > 0


def test_a_stamp_costs_little():
    assert 0 <= cost_of_a_stamp() < 1e-3
