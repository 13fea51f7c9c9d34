import numpy as np
import pytest
import torch
from PIL import Image

import handgrad as hg
from handgrad.datasets.array_input import (
    InputForm,
    as_examples,
    check_finite,
    form_of,
    to_array,
    with_count,
)
from handgrad.errors import DatasetError, ShapeError


@pytest.mark.parametrize(
    ("shape", "channels", "expected"),
    [
        ((5, 7), None, (7,)),
        ((5, 8, 9), None, (1, 8, 9)),
        ((5, 8, 9, 3), None, (3, 8, 9)),
        ((5, 8, 9, 1), None, (1, 8, 9)),
        ((5, 3, 8, 9), None, (3, 8, 9)),
        ((5, 1, 8, 9), None, (1, 8, 9)),
        ((5, 3, 3, 3), "last", (3, 3, 3)),
        ((5, 4, 8, 9), "first", (4, 8, 9)),
        ((5, 8, 9, 4), "last", (4, 8, 9)),
    ],
)
def test_the_form_follows_from_the_shape(shape, channels, expected):
    form = form_of(np.zeros(shape, dtype=np.uint8), channels)
    assert form.shape == expected
    assert form.is_image == (len(shape) > 2)
    examples = as_examples(np.zeros(shape, dtype=np.uint8), form)
    assert examples.shape == (5, *expected)


@pytest.mark.parametrize("shape", [(2, 3, 8, 3), (2, 1, 8, 1), (2, 4, 8, 8)])
def test_an_ambiguous_channel_axis_must_be_given(shape):
    with pytest.raises(ShapeError, match=r'(both|neither) the first.*channels="first"'):
        form_of(np.zeros(shape, dtype=np.uint8))
    with pytest.raises(ShapeError, match='channels must be "first", "last" or None'):
        form_of(np.zeros(shape, dtype=np.uint8), "middle")


@pytest.mark.parametrize("shape", [(3,), (2, 1, 1, 8, 8)])
def test_other_ranks_are_refused(shape):
    with pytest.raises(ShapeError, match=r"vectors .* or images"):
        form_of(np.zeros(shape, dtype=np.uint8))


def test_channels_last_become_first_number_by_number():
    images = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    found = as_examples(images, form_of(images))
    assert found.flags.c_contiguous
    assert np.array_equal(found, images.transpose(0, 3, 1, 2))


def test_the_given_channel_axis_decides_for_equal_sizes():
    images = np.arange(27, dtype=np.uint8).reshape(1, 3, 3, 3)
    last, first = (
        as_examples(images, form_of(images, where)) for where in ("last", "first")
    )
    assert np.array_equal(first, images)
    assert np.array_equal(last, images.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_matching_arrays_are_not_copied(dtype):
    images = np.zeros((3, 1, 4, 4), dtype=dtype)
    assert np.shares_memory(as_examples(images, form_of(images), training=True), images)
    grey = np.zeros((3, 4, 4), dtype=dtype)
    assert np.shares_memory(as_examples(grey, form_of(grey), training=True), grey)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, np.int16, bool])
def test_other_numbers_become_float32(dtype):
    values = np.asarray([[0, 1], [1, 1]], dtype=dtype)
    found = as_examples(values, form_of(values), training=True)
    assert found.dtype == np.float32
    assert np.array_equal(found, values.astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_named_by_row_and_column(value):
    values = np.zeros((300, 7))
    values[250, 3] = value
    what = "NaN" if np.isnan(value) else "infinity"
    with pytest.raises(DatasetError, match=f"Row 250, column 3 holds {what}"):
        as_examples(values, form_of(values))
    images = np.zeros((4, 2, 5), dtype=np.float32)
    images[2, 1, 4] = value
    with pytest.raises(DatasetError, match=r"Row 2, position \(0, 1, 4\)"):
        as_examples(images, form_of(images))


def test_large_finite_numbers_are_finite():
    check_finite(np.full((4, 4), 3e38, dtype=np.float32))
    with pytest.raises(DatasetError, match="column 0 holds a number outside the range"):
        as_examples(np.full((2, 2), 1e300), InputForm((2,), "float32"))


BYTES = InputForm((1, 2, 2), "uint8")


def test_a_uint8_form_accepts_integers_only():
    images = np.asarray([[[0, 255], [3, 4]]])
    assert as_examples(images, BYTES).dtype == np.uint8
    with pytest.raises(ShapeError, match=r"as uint8, got float64"):
        as_examples(images / 255, BYTES)
    for wrong in (-1, 256):
        with pytest.raises(DatasetError, match="pixels from 0 to 255"):
            as_examples(np.full((1, 2, 2), wrong), BYTES)


def test_a_float32_form_refuses_uint8():
    form = InputForm((1, 2, 2), "float32")
    with pytest.raises(DatasetError, match="exactly as the training data"):
        as_examples(np.zeros((1, 2, 2), dtype=np.uint8), form)


@pytest.mark.parametrize("shape", [(1, 3, 2), (1, 1, 2, 3), (4,), (1, 3, 2, 2)])
def test_another_size_is_refused(shape):
    with pytest.raises(ShapeError, match=r"\(count, 1, 2, 2\), got"):
        as_examples(np.zeros(shape, dtype=np.uint8), BYTES)


def test_another_count_of_features_is_refused():
    with pytest.raises(ShapeError, match=r"X has 3 features, but .* expecting 4"):
        as_examples(np.zeros((2, 3)), InputForm((4,), "float32"))


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_a_column_that_float32_cannot_resolve_is_named(dtype):
    values = np.zeros((100, 3), dtype=dtype)
    values[:, 1] = 1_700_000_000 + np.arange(100)
    form = form_of(values)
    with pytest.raises(DatasetError, match=r"Column 1 ranges from .*StandardScaler"):
        as_examples(values, form, training=True)
    as_examples(values - values.mean(axis=0), form, training=True)
    as_examples(values.astype(np.float32), form, training=True)
    as_examples(values, form)  # a single example is allowed in prediction


@pytest.mark.parametrize("shape", [(5, 0, 8), (5, 8, 8, 0)])
def test_images_without_pixels_are_refused(shape):
    with pytest.raises(ShapeError, match="at least one number"):
        form_of(np.zeros(shape, dtype=np.uint8))


def test_torch_tensors_are_arrays():
    for dtype in (torch.float32, torch.bfloat16):
        values = torch.ones(2, dtype=dtype, requires_grad=True)
        assert np.array_equal(to_array(values), [1, 1])


@pytest.mark.parametrize(
    ("shape", "one"),
    [
        ((3, 4, 5), (3, 4, 5)),
        ((3, 4, 5), (4, 5, 3)),
        ((1, 4, 5), (4, 5)),
        ((1, 4, 5), (4, 5, 1)),
        ((7,), (7,)),
    ],
)
def test_a_single_example_is_not_a_batch(shape, one):
    form, array = InputForm(shape, "float32"), np.ones(one, dtype=np.float32)
    assert with_count(array, form).shape == (1, *one)
    assert as_examples(array[None], form).shape == (1, *shape)
    batch = array[None]
    assert len(with_count(batch, form)) == 1
    if len(shape) == 3:
        with pytest.raises(ShapeError, match=r"For a single image, pass X\[None\]"):
            as_examples(array, form)


@pytest.mark.parametrize("shape", [(4, 5), (5, 4, 5), (2, 1, 4, 5), (0, 3, 4, 5)])
def test_grey_images_are_not_a_colour_image(shape):
    with pytest.raises(ShapeError, match="Resize them"):
        as_examples(np.ones(shape, dtype=np.uint8), InputForm((3, 4, 6), "uint8"))


def test_masked_values_are_refused():
    masked = np.ma.masked_array([[1, 2], [3, 4]], [[0, 0], [1, 0]])
    with pytest.raises(DatasetError, match="1 of 4 values are masked"):
        to_array(masked)
    assert to_array(masked[:1]).tolist() == [[1, 2]]


@pytest.mark.parametrize("size", [1e-38, 1e-60, 1e-300])
def test_a_column_too_small_for_float32_is_named(size):
    values = np.zeros((10, 3))
    values[:5, 1] = size
    with pytest.raises(DatasetError, match=r"Column 1 ranges from .*Standardize it"):
        as_examples(values, form_of(values), training=True)
    values[:, 1] = size  # a constant column is accepted
    as_examples(values, form_of(values), training=True)
    values[:5, 1] = 1e-30
    assert as_examples(values, form_of(values), training=True)[0, 1] > 0


@pytest.mark.parametrize("kind", ["datetime64[D]", "timedelta64[s]", "datetime64[ns]"])
def test_dates_are_refused(kind):
    dates = np.zeros((3, 4)).astype("i8").astype(kind)
    with pytest.raises(DatasetError, match=r"takes numbers, got .*64"):
        form_of(dates)
    with pytest.raises(DatasetError, match="numbers of days"):
        as_examples(dates, form_of(np.zeros((3, 4))))


def test_files_are_read_as_images_of_another_size_are_told(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8), np.uint8)
    fitted = hg.Classifier("mlp", epochs=1, workers=1).fit(images, [0, 1] * 2)
    with pytest.raises(ShapeError, match=r"read_image\(FILE\) of the trained network"):
        fitted.predict(images[:, :, :4])
    Image.new("RGB", (20, 12)).save(tmp_path / "1.png")
    assert (
        len(fitted.predict(fitted.trained_.read_image(tmp_path / "1.png")[None])) == 1
    )
