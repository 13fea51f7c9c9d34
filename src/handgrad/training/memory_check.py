"""Check that training fits in memory, before allocating any of it.

First against the parameters, their gradients and the optimizer's state, before the
parameters are initialized; then against the engine's own plan.
"""

from math import prod

from handgrad.arrays import Shape
from handgrad.engine.engine import Engine
from handgrad.engine.memory_plan import FLOAT_BYTES
from handgrad.engine.plain import PREDICTION_BATCH
from handgrad.engine.planned_bytes import training_roles
from handgrad.free_memory import check_memory, free_memory
from handgrad.layers import Sequential
from handgrad.optimizers import Optimizer

COPIES = 3  # of a checkpoint's content while it is saved: arrays, bytes, the file's
HELD = 1 / 8  # of what a step frees: the C library keeps some of it, as measured
SMALL = 2_000_000  # bytes of records, lines and other small objects of a run
AMPLE = 32  # no network here takes this many times the predicted roles
NEXT = (
    "Use a smaller batch size, a smaller network or fewer images, or close other "
    "programs. handgrad train --force starts anyway."
)


def check_parameters(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, batch_size: int
) -> None:
    """Raise ResourceError if what each parameter needs exceeds the free memory."""
    roles = training_roles(model, optimizer, input_shape, batch_size)
    trained = roles["parameters"] + roles["gradients"] + roles["optimizer"]
    check_memory(trained, _what(batch_size), NEXT)


def check_engine(
    engine: Engine,
    optimizer: Optimizer,
    input_shape: Shape,
    batch_size: int,
    images: int,
) -> None:
    """Raise ResourceError if the engine's plan exceeds the free memory.

    The plan is made only if memory may be short. `images` are predicted at once.
    """
    most = max(batch_size, min(images, PREDICTION_BATCH))
    roles = training_roles(engine.model, optimizer, input_shape, most)
    free = free_memory()
    if AMPLE * sum(roles.values()) >= free:
        wanted = training_bytes(engine, batch_size, images)
        check_memory(wanted, _what(batch_size), NEXT)


def training_bytes(engine: Engine, batch_size: int, images: int) -> int:
    """Peak memory of training, in bytes, without the data.

    Equations
        peak = SMALL + between steps + HELD * freed + max(freed, COPIES * saved)
    """
    plan = engine.planned_bytes(batch_size, images)
    buffers = FLOAT_BYTES * sum(prod(b.shape) for b in engine.model.buffers().values())
    saved = plan.roles["parameters"] + plan.roles["optimizer"] + buffers
    freed = plan.total - plan.between_steps
    kept = SMALL + plan.between_steps + round(HELD * freed)
    return kept + max(freed, COPIES * saved)


def _what(batch_size: int) -> str:
    return f"Training with {batch_size:,} images at once"
