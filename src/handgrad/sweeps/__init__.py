"""Hyperparameter sweeps: settings searched over several seeds and compared."""

from handgrad.sweeps.comparison import Comparison, compare
from handgrad.sweeps.run_sweep import run_sweep
from handgrad.sweeps.space import Choice, Range, Setting
from handgrad.sweeps.sweep import Sweep, read_sweep
from handgrad.sweeps.sweep_results import results_of

__all__ = [
    "Choice",
    "Comparison",
    "Range",
    "Setting",
    "Sweep",
    "compare",
    "read_sweep",
    "results_of",
    "run_sweep",
]
