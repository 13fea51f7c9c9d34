from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import handgrad as hg
from handgrad.datasets import Split
from handgrad.datasets.example_input import as_example_array, check_examples
from handgrad.errors import DatasetError

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8), np.uint8)
OBJECTS = np.empty(4, dtype=object)
OBJECTS[:] = list(IMAGES)
PATHS = ["1.png"] * 4
NO_ARRAYS = {
    "paths": (PATHS, "path '1.png'. Read the files first: .*load"),
    "path objects": ([Path("1.png")] * 4, "path '1.png'. Read the files first"),
    "array of paths": (np.array(PATHS), "path '1.png'. Read the files first"),
    "array of path objects": (np.array([Path("1.png")] * 4), "Read the files first"),
    "series of paths": (pd.Series(PATHS), "path '1.png'. Read the files first"),
    "one path": (Path("1.png"), r"read_image\(FILE\)"),
    "one name": ("1.png", r"read_image\(FILE\)"),
    "series of arrays": (pd.Series(list(IMAGES)), r"got a Series .* it with list\("),
    "array of arrays": (OBJECTS, r"got a ndarray .* it with list\("),
    "series of images": (
        pd.Series([Image.fromarray(image[0]) for image in IMAGES]),
        r"got a Series .* it with list\(",
    ),
    "column of arrays": (
        pd.DataFrame({"image": list(IMAGES)}),
        r"Column 'image' holds arrays.* list\(frame\['image'\]\)",
    ),
    "column of text": (
        pd.DataFrame({"x": [1.0, 2.0], "kind": ["u", "v"]}),
        "Column 'kind' holds text, such as 'u'.* Drop it, or encode it",
    ),
    "mixed names": (
        pd.DataFrame({0: [1.0, 2.0], "kind": ["u", "v"]}),
        "Column 'kind' holds text",
    ),
    "categories": (
        pd.DataFrame({"kind": pd.Categorical(["u", "v"])}),
        "Column 'kind' holds text",
    ),
    "mapping": ({"a": IMAGES}, "got a dict. Give an array"),
    "nothing": (None, "got a None. Give an array"),
    "split": (Split(IMAGES, np.zeros(4, np.int64)), "got a Split. Give its images"),
}


@pytest.mark.parametrize("kind", NO_ARRAYS)
def test_what_is_no_array_is_named_with_the_next_step(kind):
    given, said = NO_ARRAYS[kind]
    fitted = _fitted()
    labels = [0, 1] * 2
    for take in (
        check_examples,
        lambda examples: hg.Classifier("mlp").fit(examples, labels),
        fitted.predict,
        fitted.trained_.predict,
    ):
        with pytest.raises(DatasetError, match=said):
            take(given)


def test_a_generator_and_a_data_set_are_named():
    for given, said in (
        ((image for image in IMAGES), r"got a generator. Convert it with list"),
        (map(np.asarray, IMAGES), r"got a map. Convert it with list"),
        (hg.datasets.load("digits"), r"got a Dataset. Give its train\.images"),
    ):
        with pytest.raises(DatasetError, match=said):
            hg.Classifier("mlp").fit(given, [0, 1] * 2)


def _fitted():
    return hg.Classifier("mlp", epochs=1, workers=1).fit(IMAGES, [0, 1] * 2)


@pytest.mark.parametrize(
    "given",
    [
        IMAGES,
        list(IMAGES),
        IMAGES.tolist(),
        torch.tensor(IMAGES),
        torch.arange(3),
        np.arange(3),
        [],
        pd.Series([1, 2]),
        pd.DataFrame({"x": [1, 2], "y": ["3", "4"]}),
        pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"]),
        pd.DataFrame({"x": []}),
        np.array([["a", 1]], dtype=object),
    ],
)
def test_arrays_lists_and_numbers_pass(given):
    check_examples(given)
    assert len(as_example_array(given)) == len(given)
