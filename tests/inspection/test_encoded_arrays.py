from base64 import b64decode

import numpy as np
import pytest

from handgrad.inspection.encoded_arrays import encoded, encoded_samples


def decoded(sent):
    kind = {"uint8": "u1", "float32": "<f4"}[sent["type"]]
    return np.frombuffer(b64decode(sent["data"]), kind).reshape(sent["shape"])


@pytest.mark.parametrize("kind", ["uint8", "float64", "int64", "bool"])
def test_an_array_arrives_whole(kind):
    array = np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).astype(kind)
    sent = encoded(array)
    assert sent["of"] == sent["shape"] == [4, 2, 3]
    assert (decoded(sent) == array).all()


def test_of_a_large_array_the_first_part_arrives_and_the_whole_shape():
    array = np.arange(1000.0).reshape(10, 100)
    sent = encoded(array, 250)
    assert (sent["of"], sent["shape"]) == ([10, 100], [2, 100])
    assert (decoded(sent) == array[:2]).all()
    assert encoded(array[:1], 30)["shape"] == [30]


def test_samples_are_of_each_class():
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    found = encoded_samples(images, np.array([1, 0, 1, 1, 0, 1]), 3, 2)
    assert [len(row) for row in found] == [2, 2, 0]
