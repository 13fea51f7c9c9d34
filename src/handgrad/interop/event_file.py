"""Event files of TensorBoard, written and read with its own package."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from time import time_ns
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError

SUFFIX = ".handgrad"  # of the files written here, which may be replaced
BINS = 30
MISSING = (
    "TensorBoard needs the package tensorboard, which is not installed. Install it "
    "with pip install 'handgrad[tensorboard]'."
)


def check_tensorboard() -> None:
    """Raise ConfigError that says how to install TensorBoard, if it is missing."""
    try:
        import tensorboard.compat.proto.event_pb2  # noqa: F401
    except ImportError as error:
        raise ConfigError(MISSING) from error


class EventFile:
    """A new event file in a folder: values by step, with the time of each.

    `owner` distinguishes what wrote it. Events are buffered until `flush`; OSError if
    they cannot be written.

    Units
        step     updates of the parameters
        seconds  since 1970
    """

    def __init__(self, folder: Path, owner: str) -> None:
        check_tensorboard()  # before the first file is written
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        name = f"events.out.tfevents.{time_ns()}.{owner}{SUFFIX}"
        self.path = folder / name
        self._event = Event
        self._buffer = BytesIO()
        self._records = RecordWriter(self._buffer)
        self.add_raw(Event(file_version="brain.Event:2").SerializeToString())

    def add_scalars(
        self, step: int, seconds: float, values: Mapping[str, float | None]
    ) -> None:
        """Add numbers by tag; None is left out."""
        event = self._event(step=step, wall_time=seconds)
        for tag, value in values.items():
            if value is not None:
                event.summary.value.add(tag=tag, simple_value=value)
        self._add(event)

    def add_histograms(
        self, step: int, seconds: float, arrays: Mapping[str, NumpyArray]
    ) -> None:
        """Add the distribution of the numbers of each array, by tag."""
        event = self._event(step=step, wall_time=seconds)
        for tag, values in arrays.items():
            if values.size:
                event.summary.value.add(tag=tag).histo.MergeFrom(_histogram(values))
        self._add(event)

    def add_images(
        self, step: int, seconds: float, images: Mapping[str, bytes]
    ) -> None:
        """Add the contents of PNG files, by tag."""
        event = self._event(step=step, wall_time=seconds)
        for tag, content in images.items():
            image = event.summary.value.add(tag=tag).image
            image.width = int.from_bytes(content[16:20])
            image.height = int.from_bytes(content[20:24])
            image.encoded_image_string = content
        self._add(event)

    def add_hyperparameters(
        self, name: str, seconds: float, values: Mapping[str, float | str | bool]
    ) -> None:
        """Add the settings of the run of this `name`."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        event = self._event(wall_time=seconds)
        settings = hparams_pb(values, trial_id=name, start_time_secs=seconds)
        event.summary.MergeFrom(settings)
        self._add(event)

    def add_raw(self, event: bytes) -> None:
        """Add an event as another file holds it."""
        self._records.write(event)

    def flush(self) -> None:
        """Append what is buffered to the file."""
        with self.path.open("ab") as file:
            file.write(self._buffer.getvalue())
        self._buffer.seek(0)
        self._buffer.truncate()

    def _add(self, event: Any) -> None:
        if event.summary.value:
            self.add_raw(event.SerializeToString())


def own_files(folder: Path) -> list[Path]:
    """The event files in a folder that Handgrad wrote, the oldest first."""
    return sorted(folder.glob(f"events.out.tfevents.*{SUFFIX}"))


def histograms_in(path: Path, last_step: int) -> Iterator[tuple[int, bytes]]:
    """The events with histograms of a file up to a step, with the step of each.

    A file that was cut off ends with its last whole event.
    """
    from tensorboard.backend.event_processing.event_file_loader import (
        RawEventFileLoader,
    )
    from tensorboard.compat.proto.event_pb2 import Event

    for content in RawEventFileLoader(str(path)).Load():
        event = Event.FromString(content)
        is_histogram = any(value.HasField("histo") for value in event.summary.value)
        if is_histogram and event.step <= last_step:
            yield event.step, content


def _histogram(values: NumpyArray) -> Any:
    from tensorboard.compat.proto.summary_pb2 import HistogramProto

    wide = values.astype(np.float64).reshape(-1)
    counts, edges = np.histogram(wide, bins=BINS)
    return HistogramProto(
        min=wide.min(),
        max=wide.max(),
        num=wide.size,
        sum=wide.sum(),
        sum_squares=wide @ wide,
        bucket_limit=edges[1:],
        bucket=counts,
    )
