import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.layers import AveragePool2d, Conv2d, Linear, MaxPool2d
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.randomness import Key
from handgrad.testing import check_layer, check_loss
from handgrad.testing import strategies as axes

few = settings(max_examples=20)  # each tries the whole contract


@given(axes.images(dtype="float32", least=2, largest=5), axes.rows())
def test_arrays_have_the_axes_of_their_name(images, rows):
    assert images.ndim == 4
    assert images.dtype == np.float32
    assert min(images.shape) >= 1
    assert all(2 <= size <= 5 for size in images.shape[2:])
    assert rows.ndim == 2
    assert np.all(np.isfinite(rows))


@given(axes.odd_kernel_sizes(), axes.float_dtypes(), st.data())
def test_sizes_and_dtypes(size, dtype, data):
    assert size in (1, 3, 5)
    assert data.draw(axes.arrays((3,), dtype)).dtype == dtype


@given(axes.logits_and_targets(), axes.keys())
def test_targets_are_class_numbers(drawn, key):
    logits, targets = drawn
    assert targets.shape == logits.shape[:1]
    assert np.all((targets >= 0) & (targets < logits.shape[1]))
    assert isinstance(key, Key)


@few
@given(axes.features(), axes.features(), axes.batches(), axes.keys())
def test_linear_of_any_size_keeps_the_contract(into, out, batch, key):
    check_layer(lambda: Linear(into, out, key=key), (into,), batch=batch)


@few
@given(
    axes.channels(),
    axes.channels(),
    axes.kernel_sizes(),
    axes.strides(),
    axes.paddings(),
    axes.image_sizes(least=4),
    axes.batches(3),
)
def test_conv2d_of_any_size_keeps_the_contract(
    into, out, kernel_size, stride, padding, size, batch
):
    def make():
        return Conv2d(
            into, out, kernel_size, stride=stride, padding=padding, key=Key(1)
        )

    check_layer(make, (into, *size), batch=batch)


@few
@given(
    st.sampled_from([MaxPool2d, AveragePool2d]),
    axes.kernel_sizes(),
    axes.strides(),
    axes.image_sizes(least=4),
    axes.batches(3),
    st.data(),
)
def test_pooling_of_any_size_keeps_the_contract(
    kind, kernel_size, stride, size, batch, data
):
    padding = tuple(data.draw(st.integers(0, side // 2)) for side in kernel_size)
    check_layer(
        lambda: kind(kernel_size, stride=stride, padding=padding),
        (2, *size),
        batch=batch,
    )


@few
@given(axes.batches(), st.integers(2, 10), st.integers(0, 99))
def test_cross_entropy_of_any_size_keeps_the_contract(batch, classes, seed):
    check_loss(SoftmaxCrossEntropy(), batch=batch, classes=classes, seed=seed)
