"""Inspections: functions that show, measure and check the numbers of training."""

from handgrad.inspection.activation_functions import activation_functions
from handgrad.inspection.check_catalogue import CheckRow, check_catalogue
from handgrad.inspection.confusion import confusion
from handgrad.inspection.differentiable import LayerValue, LossValue, NetworkValue
from handgrad.inspection.dropout_statistics import dropout_statistics
from handgrad.inspection.feature_maps import feature_maps
from handgrad.inspection.filters import filters
from handgrad.inspection.gradient_check import by_entry, by_projection
from handgrad.inspection.gradient_flow import gradient_flow
from handgrad.inspection.jacobians import jacobians
from handgrad.inspection.labels import labels
from handgrad.inspection.learning_rate_finder import learning_rate_finder
from handgrad.inspection.microscope import microscope
from handgrad.inspection.mistakes import mistakes
from handgrad.inspection.occlusion import occlusion
from handgrad.inspection.reliability import reliability
from handgrad.inspection.result import Result
from handgrad.inspection.saturation import saturation
from handgrad.inspection.softmax_numerics import softmax_numerics
from handgrad.inspection.table import Table
from handgrad.inspection.trace import Trace, trace
from handgrad.inspection.training_memory import memory

__all__ = [
    "CheckRow",
    "LayerValue",
    "LossValue",
    "NetworkValue",
    "Result",
    "Table",
    "Trace",
    "activation_functions",
    "by_entry",
    "by_projection",
    "check_catalogue",
    "confusion",
    "dropout_statistics",
    "feature_maps",
    "filters",
    "gradient_flow",
    "jacobians",
    "labels",
    "learning_rate_finder",
    "memory",
    "microscope",
    "mistakes",
    "occlusion",
    "reliability",
    "saturation",
    "softmax_numerics",
    "trace",
]
