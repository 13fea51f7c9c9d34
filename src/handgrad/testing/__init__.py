"""Contract tests for layers and losses, built-in or custom."""

from handgrad.testing.closeness import assert_close, rounding_bound
from handgrad.testing.grade import Grade, grade
from handgrad.testing.layer_contract import LAYER_LAWS, check_layer
from handgrad.testing.loss_contract import LOSS_LAWS, LossTrial, check_loss
from handgrad.testing.trial import Trial

__all__ = [
    "LAYER_LAWS",
    "LOSS_LAWS",
    "Grade",
    "LossTrial",
    "Trial",
    "assert_close",
    "check_layer",
    "check_loss",
    "grade",
    "rounding_bound",
]
