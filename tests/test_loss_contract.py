"""One table, every loss, every law. A loss that is not in the table fails it."""

import inspect

import pytest

from handgrad import losses
from handgrad.inspection.check_cases import LOSS_CASES
from handgrad.losses import Loss, MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.testing import LOSS_LAWS, LossTrial

TABLE = {
    "softmax_cross_entropy": SoftmaxCrossEntropy(),
    "softmax_cross_entropy, smoothed": SoftmaxCrossEntropy(0.1),
    "multiclass_svm": MulticlassSVM(),
    "multiclass_svm, wide": MulticlassSVM(margin=3.0),
    "mean_squared_error": MeanSquaredError(),
}


@pytest.mark.parametrize("law", LOSS_LAWS)
@pytest.mark.parametrize("row", TABLE)
@pytest.mark.parametrize(("batch", "classes"), [(5, 4), (1, 2), (2, 10)])
def test_contract(row, law, batch, classes, seed):
    LOSS_LAWS[law](LossTrial(TABLE[row], batch, classes, seed))


def test_every_loss_is_in_both_tables():
    kinds = {
        kind
        for _, kind in inspect.getmembers(losses, inspect.isclass)
        if issubclass(kind, Loss) and kind is not Loss
    }
    assert {type(loss) for loss in TABLE.values()} == kinds
    assert set(LOSS_CASES) == {kind.__name__ for kind in kinds}
