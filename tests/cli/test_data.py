import json

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.sources import NAMES


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No data set on this machine but the embedded one."""
    monkeypatch.delenv("HANDGRAD_DATA", raising=False)
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))


def test_every_data_set_is_listed_with_its_place_or_the_way_to_it(handgrad, alone):
    code, out, err = handgrad("data list")
    assert (code, err) == (0, "")
    assert "included in scikit-learn" in out
    assert "handgrad data fetch cifar10" in out
    assert set(json.loads(handgrad("data list --json").out)) == set(NAMES)


def test_a_data_set_that_is_here_is_found(handgrad, data):
    folder = data("mnist")
    places = json.loads(handgrad(f"data list --data-dir {folder.parent} --json").out)
    assert places["mnist"]["place"] == str(folder)
    out = handgrad(f"data fetch mnist --data-dir {folder.parent}").out
    assert out == f"mnist is in {folder}\n"


def test_show_draws_a_picture_and_says_where(handgrad, tmp_path):
    code, out, _ = handgrad("data show")
    assert code == 0
    assert out.splitlines() == [
        "digits: 1,437 training images, 360 test images.",
        "Samples are in digits_samples.png.",
    ]
    with Image.open(tmp_path / "digits_samples.png") as picture:
        assert min(picture.size) > 500


def test_show_draws_what_augmentation_does(handgrad, tmp_path):
    pictures = []
    for words in ("digits", "none", "random_affine:40 --augment mixup:1"):
        assert handgrad(f"data show --augment {words} --per-class 3 -q").code == 0
        pictures.append((tmp_path / "digits_samples.png").read_bytes())
    assert len(set(pictures)) == 3


def test_show_takes_a_folder_of_images(handgrad, alone, tmp_path):
    for name, shade in (("cat", 20), ("dog", 200)):
        (tmp_path / "my pets" / name).mkdir(parents=True)
        Image.new("RGB", (9, 7), (shade, 0, 0)).save(
            tmp_path / "my pets" / name / "1.png"
        )
    code, out, err = handgrad("data show 'my pets' --json --out here/pets.png -q")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["class_names"] == ["cat", "dog"]
    assert found["picture"] == "here/pets.png"
    assert (tmp_path / "here" / "pets.png").is_file()


def test_mistakes_are_sentences(refused, alone, tmp_path):
    assert "Did you mean 'mnist'" in refused("data fetch mnits")
    assert "digits needs no download" in refused("data fetch digits")
    assert "Did you mean 'digits'" in refused("data show digit")
    assert "--per-class as an integer of at least" in refused("data show --per-class 0")
    assert "--image-size of at least 1" in refused("data show --image-size 0")
    assert "Did you mean 'cutout'" in refused("data show --augment cutou")
    assert "size below 8" in refused("data show --augment cutout:28")
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in refused("data show --out file/x.png")


def put_npz(path, count=10):
    pixels = np.arange(count * 30, dtype=np.uint8).reshape(count, 6, 5)
    np.savez(path, x=pixels, y=np.arange(count) % 2)
    return path


def test_inspect_says_what_would_be_read(handgrad, alone, tmp_path):
    put_npz(tmp_path / "a.npz")
    code, out, err = handgrad("data inspect a.npz")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "a.npz: NumPy archives",
        "  there is no test split: a fifth of each class is held out",
        "",
        "class  train  test",
        "0          4     1",
        "1          4     1",
        "all        8     2",
        "",
        "Sizes, height x width: 6 x 5 (10); grey",
        "No problems found.",
    ]
    found = json.loads(handgrad("data inspect a.npz --json -q").out)
    assert found["images"] == {"train": 8, "test": 2}
    assert found["path"] == "a.npz"


def test_inspect_takes_a_name(handgrad, alone):
    found = json.loads(handgrad("data inspect digits --json -q").out)
    assert found["images"] == {"train": 1437, "test": 360}


def test_inspect_and_show_take_the_class_from_names(handgrad, alone, tmp_path):
    for n in range(6):
        picture = Image.new("RGB", (9, 7), (n * 40, 0, 9))
        picture.save(tmp_path / f"{'ab'[n % 2]}.{n}.png")
    out = handgrad("data inspect . --label-from name -q").out
    assert "images of a single colour" not in out
    assert handgrad("data show . --label-from name -q").code == 0


def test_inspect_refuses_in_one_sentence(refused, alone):
    assert "There is no data set at ./none" in refused("data inspect ./none")
    assert "names none, which does not exist" in refused("data list --data-dir none")
