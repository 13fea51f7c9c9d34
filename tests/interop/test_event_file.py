"""TensorBoard's own reader finds what is written."""

import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import ConfigError
from handgrad.interop.event_file import (
    EventFile,
    check_tensorboard,
    histograms_in,
    own_files,
)
from interop.events import events_in

pytest.importorskip("tensorboard")


def test_what_is_written_is_read(tmp_path):
    file, values = EventFile(tmp_path, "me"), np.array([[-1.0, 0.5], [0.5, 3.0]])
    file.add_scalars(3, 10.5, {"loss": 0.25, "absent": None})
    file.add_scalars(4, 11.0, {"loss": 0.125})
    file.add_scalars(5, 11.0, {"absent": None})
    file.add_histograms(4, 11.0, {"weights": values, "none": values[:0]})
    png = BytesIO()
    Image.new("L", (7, 5)).save(png, "PNG")
    file.add_images(4, 11.0, {"picture": png.getvalue()})
    file.add_hyperparameters("run", 9.0, {"rate": 0.1, "name": "sgd", "flip": True})
    assert not own_files(tmp_path)
    file.flush()
    file.flush()
    assert own_files(tmp_path) == [file.path]
    found = events_in(tmp_path)
    (first, second) = found.Scalars("loss")
    assert (first.step, first.value, first.wall_time) == (3, 0.25, 10.5)
    assert (second.step, second.value) == (4, 0.125)
    (histogram,) = found.Histograms("weights")
    counts = histogram.histogram_value
    assert (counts.min, counts.max, counts.num, counts.sum) == (-1, 3, 4, 3)
    assert counts.sum_squares == 10.5
    assert sum(counts.bucket) == 4
    assert counts.bucket_limit[-1] == 3
    (image,) = found.Images("picture")
    assert (image.width, image.height) == (7, 5)
    assert image.encoded_image_string == png.getvalue()
    assert found.Tags()["scalars"] == ["loss"]
    assert found.Tags()["tensors"] == ["_hparams_/session_start_info"]


def test_histograms_up_to_a_step_are_found_also_in_a_file_cut_off(tmp_path):
    file = EventFile(tmp_path, "me")
    for step in (1, 2, 3, 4):
        file.add_histograms(step, 1.0, {"weights": np.ones(step)})
        file.add_scalars(step, 1.0, {"loss": 1.0})
    file.flush()
    assert [step for step, _ in histograms_in(file.path, 2)] == [1, 2]
    file.path.write_bytes(file.path.read_bytes()[:-60])
    assert [step for step, _ in histograms_in(file.path, 9)] == [1, 2, 3]


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[tensorboard\]'"):
        check_tensorboard()
    with pytest.raises(ConfigError, match="is not installed"):
        EventFile(tmp_path, "me")
