import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.formats.sampled_files import sample_files
from handgrad.errors import DatasetError


def save(path, size, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)


def test_the_median_size_of_the_readable_files(tmp_path):
    for number, width in enumerate((30, 50, 500)):
        save(tmp_path / "a" / f"{number}.png", (width, 40), "L")
        save(tmp_path / "b" / f"{number}.png", (width, 40), "L")
    (tmp_path / "b" / "9.png").write_bytes(b"no image")
    found = sample_files(tmp_path)
    assert (found.size, found.image_shape) == ((40, 50), (1, 40, 50))
    assert found.pixels.shape == (6, 1, 32, 32)
    assert found.plan.class_names == ("a", "b")
    assert found.plan.counts == (7, 0, 0)


def test_colour_in_one_file_makes_all_colour(tmp_path):
    save(tmp_path / "a" / "0.png", (9, 9), "L")
    save(tmp_path / "b" / "0.png", (9, 9))
    assert sample_files(tmp_path).image_shape == (3, 9, 9)


def test_files_listed_in_a_table(tmp_path):
    for number in range(4):
        save(tmp_path / "images" / f"{number}.png", (20, 10))
    rows = "".join(f"images/{n}.png,{'ab'[n % 2]}\n" for n in range(4))
    (tmp_path / "labels.csv").write_text(f"file,label\n{rows}")
    found = sample_files(tmp_path / "labels.csv")
    assert (found.plan.counts[0], found.size) == (4, (10, 20))


def test_arrays_are_not_sampled(tmp_path):
    np.savez(
        tmp_path / "x.npz", images=np.zeros((4, 8, 8), np.uint8), labels=[0, 1, 0, 1]
    )
    assert sample_files(tmp_path / "x.npz") is None


def test_nothing_readable_is_an_error_with_the_next_step(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(b"no image")
    with pytest.raises(DatasetError, match="handgrad data inspect"):
        sample_files(tmp_path)
