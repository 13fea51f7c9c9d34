"""Networks of runs, loaded once and kept while their files stay the same."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock

from handgrad.errors import ConfigError
from handgrad.inspection.mistakes import Mistakes, mistakes
from handgrad.inspection.subject import Subject, subject_of
from handgrad.training.run_images import split_sizes
from handgrad.training.trained_network import TrainedNetwork, load

MOST = 4  # networks in memory
ALL = 1_000_000_000  # mistakes: all of them


@dataclass
class Loaded:
    """A network with what was computed from it; one thread uses it at a time."""

    network: TrainedNetwork
    subject: Subject
    judged: dict[str, Mistakes]
    lock: Lock

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The number of images of each split that the run has, preferred first."""
        return split_sizes(self.network.config, Path(self.subject.name))

    def split(self, wanted: str) -> str:
        """The split that is `wanted`, by default the preferred one of the run."""
        if wanted and wanted not in self.sizes:
            raise ConfigError(f"This run has no {wanted} images. Choose others.")
        return wanted or next(iter(self.sizes))

    def predictions(self, wanted: str) -> Mistakes:
        """The predictions on a split of the run, with all mistakes."""
        split = self.split(wanted)
        if split not in self.judged:
            self.judged[split] = mistakes(self.subject, split=split, count=ALL)
        return self.judged[split]


class Networks:
    """The networks that were used last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept = lru_cache(MOST)(_loaded)

    def get(self, path: Path) -> Loaded:
        """The network of the best checkpoint of a run folder."""
        with self._lock:
            return self._kept(path, _stamp(path))

    def last(self, path: Path) -> Subject:
        """The network of the last checkpoint, which changes while a run trains."""
        return subject_of(load(path, "last"))


def _loaded(path: Path, _: tuple[int, ...]) -> Loaded:
    subject = subject_of(path)
    return Loaded(subject.classifier, subject, {}, Lock())


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes with the checkpoints of a run and its calibration."""
    names = ("checkpoints/best.json", "result.json", "calibration.json")
    files = [path / name for name in names]
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
