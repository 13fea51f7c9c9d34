"""How far predictions are from the truth, and the term that keeps weights small."""

from handgrad.losses.l2 import L2
from handgrad.losses.loss import Loss
from handgrad.losses.mean_squared_error import MeanSquaredError
from handgrad.losses.multiclass_svm import MulticlassSVM
from handgrad.losses.softmax_cross_entropy import SoftmaxCrossEntropy

__all__ = ["L2", "Loss", "MeanSquaredError", "MulticlassSVM", "SoftmaxCrossEntropy"]
