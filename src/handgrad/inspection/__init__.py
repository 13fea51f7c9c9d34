"""Seeing, naming and checking the numbers that move during training."""

from handgrad.inspection.check_catalogue import CheckRow, check_catalogue
from handgrad.inspection.differentiable import LayerValue, LossValue, NetworkValue
from handgrad.inspection.gradient_check import by_entry, by_projection

__all__ = [
    "CheckRow",
    "LayerValue",
    "LossValue",
    "NetworkValue",
    "by_entry",
    "by_projection",
    "check_catalogue",
]
