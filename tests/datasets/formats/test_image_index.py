import pytest

from handgrad.datasets.formats.image_index import ImageIndex
from handgrad.datasets.image_folder import open_images

from .makers import put


@pytest.fixture
def index(tmp_path):
    put(tmp_path, {"train/ant/1.png": 1, "train/bee/1.png": 2, "train/bee/two.png": 3})
    return ImageIndex(open_images(tmp_path).sorted_files())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("two", ["train/bee/two.png"]),
        ("bee/two.png", ["train/bee/two.png"]),
        ("C:\\data\\bee\\1", ["train/bee/1.png"]),
        ("1.png", ["train/ant/1.png", "train/bee/1.png"]),
        ("Two.png", []),
    ],
)
def test_images_are_found_without_folders_and_extensions(index, name, found):
    assert [file.name for file in index.find(name)] == found
    assert index.has(name) == bool(found)


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ("two,bee", ("two", "bee")),
        ("gone,ant\ntwo,bee", ("two", "bee")),
        ("gone,ant\nlost,bee", ("gone", "ant")),
        ("gone,ant\nlost,bee,3\ntwo,bee", ("gone", "ant")),
    ],
)
def test_the_first_row_is_the_first_that_names_an_image(index, tmp_path, rows, first):
    put(tmp_path, {"a.csv": f"id,label\n{rows}\n"})
    assert index.form_of(tmp_path / "a.csv").first == first
