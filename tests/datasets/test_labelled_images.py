import unicodedata
import zipfile
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.image_decoding import read_image
from handgrad.datasets.labelled_images import labelled_images
from handgrad.errors import DatasetError, HandgradWarning

NAMES = ("ant", "bee", "cat")


def put(folder, name, shade=90, mode="RGB"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (9, 7), shade if mode == "L" else (shade, 0, 40)).save(path)
    return path


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("bee/1.png", 1),
        ("new/test/bee/1.png", 1),
        ("bee/june/1.png", 1),
        ("ant/bee/1.png", 1),
    ],
)
def test_the_class_is_the_innermost_folder(place, expected, tmp_path):
    put(tmp_path, place)
    assert labelled_images(tmp_path, NAMES, (3, 7, 9)).train.targets.tolist() == [
        expected
    ]


def test_the_folder_of_one_class_is_enough(tmp_path):
    put(tmp_path, "cat/1.png")
    found = labelled_images(tmp_path / "cat", NAMES, (3, 7, 9)).train
    assert found.targets.tolist() == [2]


@pytest.mark.parametrize("shape", [(1, 5, 6), (3, 5, 6)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_size_and_colours_are_those_of_prediction(shape, mode, tmp_path):
    path = put(tmp_path, "ant/1.png", mode=mode)
    found = labelled_images(tmp_path, NAMES, shape).train
    np.testing.assert_array_equal(found.images[0], read_image(path, shape))


def test_a_zip_is_read_like_a_folder(tmp_path):
    path = put(tmp_path, "ant/1.png")
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        archive.write(path, "some/ant/1.png")
    found = labelled_images(tmp_path / "new.zip", NAMES, (3, 7, 9)).train
    assert found.targets.tolist() == [0]


def test_an_image_of_no_class_is_named(tmp_path):
    put(tmp_path, "ant/1.png")
    put(tmp_path, "goat/2.png")
    with pytest.raises(DatasetError, match=r"goat/2\.png is not in a .*ant, bee"):
        labelled_images(tmp_path, NAMES, (3, 7, 9))


def test_no_images_are_an_error(tmp_path):
    with pytest.raises(DatasetError, match="holds no images"):
        labelled_images(tmp_path, NAMES, (3, 7, 9))


def test_bad_images_are_all_named_or_skipped(tmp_path):
    for name in ("ant/1.png", "bee/2.png", "cat/3.png"):
        put(tmp_path, name)
    for name in ("ant/0.png", "cat/4.png"):
        (tmp_path / name).write_text("no image")
    with pytest.raises(DatasetError, match=r"2 of 5 .*ant/0\.png .*cat/4\.png .*--sk"):
        labelled_images(tmp_path, NAMES, (3, 7, 9))
    with pytest.warns(HandgradWarning, match=r"2 of 5 images skipped: .*cat/4"):
        found = labelled_images(tmp_path, NAMES, (3, 7, 9), skip_bad=True).train
    assert found.targets.tolist() == [0, 1, 2]


def test_not_all_images_may_be_skipped(tmp_path):
    put(tmp_path, "ant/1.png").write_text("no image")
    with pytest.raises(DatasetError, match="cannot be read"):
        labelled_images(tmp_path, NAMES, (3, 7, 9), skip_bad=True)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_class_names_match_in_either_unicode_form(tmp_path, form, other):
    put(tmp_path, f"{unicodedata.normalize(form, 'café')}/1.png")
    names = ("ant", unicodedata.normalize(other, "café"))
    for place in (tmp_path, next(tmp_path.iterdir())):
        assert labelled_images(place, names, (3, 7, 9)).train.targets.tolist() == [1]


@pytest.mark.parametrize(
    ("scale", "bit_depth", "said"),
    [
        (16, 12, None),
        (1, 12, None),  # dark, at the bit depth of the training images
        (257, 12, "65,535 is white; in training it was 4,095"),
        (16, None, "4,095 is white; in training it was 255"),
    ],
)
def test_deep_images_keep_the_white_of_training_if_they_can(
    scale, bit_depth, said, tmp_path, recwarn
):
    ramp = np.arange(0, 256, 51, dtype=np.uint16)
    for name, part in (("dark", ramp[:2]), ("light", ramp)):
        path = put(tmp_path, f"ant/{name}.png")
        Image.fromarray(np.tile(np.resize(part, 6) * scale, (2, 1))).save(path)
    found = labelled_images(tmp_path, NAMES, (1, 2, 6), bit_depth=bit_depth).train
    expected = ramp // 16 if scale == 1 else ramp
    assert found.images[1, 0, 0].tolist() == expected.tolist()
    assert found.images[0, 0, 0, :2].tolist() == expected[:2].tolist()
    warned = [str(one.message) for one in recwarn.list]
    assert len(warned) == (said is not None)
    assert all(f"{tmp_path}: " in one and said in one for one in warned)


def test_broken_links_are_reported(tmp_path):
    put(tmp_path, "ant/1.png")
    (tmp_path / "ant" / "2.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.warns(HandgradWarning, match=r": ignored: 1 broken link\.$"):
        found = labelled_images(tmp_path, NAMES, (3, 7, 9)).train
    assert len(found) == 1


def test_files_are_recorded_by_size_and_content(tmp_path):
    path = put(tmp_path, "ant/1.png")
    put(tmp_path, "bee/0.png").write_text("no image")
    with pytest.warns(HandgradWarning, match="1 of 2 images skipped"):
        found = labelled_images(tmp_path, NAMES, (3, 7, 9), skip_bad=True)
    content = path.read_bytes()
    digest = sha256(content).hexdigest()[:16]
    assert found.files == {"ant/1.png": f"{len(content)}:{digest}"}
    assert (found.test, found.class_names) == (None, NAMES)
