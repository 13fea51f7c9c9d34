"""Training: the loop, its records, and the run folder."""

from handgrad.training.config import RunConfig, config_from, read_config
from handgrad.training.early_stopping import should_stop
from handgrad.training.position import Position
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.resuming import resume
from handgrad.training.run import Run, start
from handgrad.training.run_folder import RunFolder
from handgrad.training.run_table import runs
from handgrad.training.settings import TrainingSettings
from handgrad.training.trained_network import TrainedNetwork, load
from handgrad.training.trainer import Trainer

__all__ = [
    "EpochRecord",
    "Position",
    "Run",
    "RunConfig",
    "RunFolder",
    "StepRecord",
    "TrainedNetwork",
    "Trainer",
    "TrainingSettings",
    "config_from",
    "load",
    "read_config",
    "resume",
    "runs",
    "should_stop",
    "start",
]
