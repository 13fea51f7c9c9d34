"""The order of the examples in full-batch training.

A step that uses all examples needs no random order. A fixed order derived from their
content makes the result, to the last bit, independent of the order they were given in.
"""

from hashlib import sha256

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split


def content_order(split: Split) -> NumpyArray:
    """Row numbers, sorted by the SHA-256 of each example, target and weight.

    Shapes
        outputs  (count,), int64
    """
    digests = [_digest(split, row) for row in range(len(split))]
    order = sorted(range(len(split)), key=digests.__getitem__)
    return np.asarray(order, dtype=np.int64)


def _digest(split: Split, row: int) -> bytes:
    digest = sha256(np.ascontiguousarray(split.images[row]).data)
    digest.update(np.asarray(split.targets[row]).tobytes())
    if split.weights is not None:
        digest.update(np.asarray(split.weights[row]).tobytes())
    return digest.digest()
