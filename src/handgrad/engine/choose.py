"""An engine by its name."""

from collections.abc import Callable
from typing import Any

from handgrad.arrays import Shape
from handgrad.datasets.normalization import Normalization
from handgrad.engine.engine import Engine
from handgrad.engine.parts import MOST_WORKERS
from handgrad.engine.plain import PlainEngine
from handgrad.engine.processor import hold_to
from handgrad.errors import unknown_name
from handgrad.layers.sequential import Sequential
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer
from handgrad.ranges import check_count

ENGINES = ("cpu", "plain")


def make_engine(  # noqa: PLR0913 (everything that a step depends on)
    name: str,
    model: Sequential,
    loss: Loss[Any],
    optimizer: Optimizer,
    normalization: Normalization,
    *,
    input_shape: Shape,
    input_dtype: str = "uint8",
    batch_size: int = 256,
    seed: int = 0,
    l2: L2 | None = None,
    clip_norm: float | None = None,
    workers: int | None = None,
    isa: str | None = None,
    announce: Callable[[str], None] | None = None,
) -> Engine:
    """The plain engine or the CPU engine; the first needs no workers.

    `isa` is the instruction set of this process from now on: "avx2", "avx512", "amx",
    or "amx-bf16", whose matrix unit multiplies numbers rounded to bfloat16. ConfigError
    if the processor lacks it, or if another was chosen before.

    Shapes
        inputs  (count, *input_shape), where `input_shape` is (channels, height, width)
                or (features,), and `input_dtype` uint8 or float32
    """
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    check_count("An engine", "batch_size", batch_size)
    if workers is not None:
        check_count("An engine", "workers", workers, most=MOST_WORKERS)
    hold_to(isa)
    parts = (model, loss, optimizer, normalization)
    settings: dict[str, Any] = {
        "input_shape": input_shape,
        "input_dtype": input_dtype,
        "seed": seed,
        "l2": l2,
        "clip_norm": clip_norm,
    }
    if name == "plain":
        return PlainEngine(*parts, **settings)
    from handgrad.engine.cpu import CpuEngine  # Numba takes a while to import

    settings |= {"batch_size": batch_size, "workers": workers, "isa": isa}
    return CpuEngine(*parts, **settings, announce=announce)
