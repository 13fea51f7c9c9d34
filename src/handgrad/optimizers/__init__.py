"""Optimizers: update rules for parameters, and gradient clipping."""

from handgrad.optimizers.adam import Adam
from handgrad.optimizers.adamw import AdamW
from handgrad.optimizers.clipping import clip_by_norm, gradient_norm
from handgrad.optimizers.muon import Muon
from handgrad.optimizers.optimizer import Optimizer
from handgrad.optimizers.rmsprop import RMSProp
from handgrad.optimizers.sgd import SGD

RULES = (SGD, RMSProp, Adam, AdamW, Muon)  # all that have a name in a configuration

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Muon",
    "Optimizer",
    "RMSProp",
    "clip_by_norm",
    "gradient_norm",
]
