"""Estimate the memory of a step of plain layers from steps with a few images.

The memory of each layer call is a constant plus a part proportional to the number of
images. So the peak of each call is measured twice, for a few images and for twice as
many, and extrapolated linearly to any number. Which call has the highest peak may
depend on the number of images; therefore each call is extrapolated separately.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from handgrad.engine.engine import Between, nothing

FEW = 16  # images of the first trial: NumPy avoids copies of arrays above 256 KB only

Step = Callable[[int, Between], None]


def trial_images(batch_size: int) -> int:
    """The number of images of the larger of both trials."""
    return 2 * min(FEW, -(-batch_size // 2))


def step_bytes(step: Step, layers: int, batch_size: int, images: int) -> int:
    """Peak bytes of a step or a prediction, without parameters and optimizer state.

    `step` takes a number of images, and a function that it calls before each forward
    and each backward call of its `layers` layers. `images` are predicted at once.

    Equations
        peak(call, n) = peak(call, few) * (1 - t) + peak(call, 2 few) * t,
                        t = (n - few) / few
        result        = the largest over all calls of a step of `batch_size` images,
                        and over the forward calls for the images of one prediction
    """
    few = trial_images(batch_size) // 2
    small, large = (peaks(step, count) for count in (few, 2 * few))

    def peak(count: int, calls: int) -> float:
        far = (count - few) / few
        pairs = zip(small[:calls], large[:calls], strict=True)
        return max(a * (1 - far) + b * far for a, b in pairs)

    return round(max(peak(batch_size, len(small)), peak(images, layers + 1)))


def peaks(step: Step, count: int) -> list[int]:
    """Peak bytes before, between and after the calls of a step, beyond its start."""
    found: list[int] = []

    def note() -> None:
        found.append(tracemalloc.get_traced_memory()[1] - before)
        tracemalloc.reset_peak()

    with _traced():
        step(count, nothing)  # from here on tracemalloc has seen every array
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        step(count, note)
        note()
    return found


@contextmanager
def _traced() -> Iterator[None]:
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        yield
    finally:
        if not was_tracing:
            tracemalloc.stop()
