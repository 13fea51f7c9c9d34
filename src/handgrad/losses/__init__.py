"""Loss functions of logits and targets, and the L2 penalty on the weights."""

from handgrad.losses.l2 import L2
from handgrad.losses.loss import Loss
from handgrad.losses.mean_squared_error import MeanSquaredError
from handgrad.losses.multiclass_svm import MulticlassSVM
from handgrad.losses.softmax_cross_entropy import SoftmaxCrossEntropy

__all__ = ["L2", "Loss", "MeanSquaredError", "MulticlassSVM", "SoftmaxCrossEntropy"]
