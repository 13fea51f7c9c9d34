import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.idx_set import EMNIST, read_idx_set
from handgrad.errors import DatasetError

from .makers import images, put_idx

X = images(26)
LETTERS = np.arange(26) + 1


def put_set(folder, form, labels=LETTERS % 2, kind="u1", end="idx1-ubyte"):
    """Write four files, whose names `form` makes from a split and a kind."""
    for split in ("train", "t10k"):
        put_idx(folder / form.format(split, "images", "idx3-ubyte"), X)
        put_idx(folder / form.format(split, "labels", end), labels, kind)
    return folder


@pytest.mark.parametrize(
    "form",
    [
        "{}-{}-{}", "{}-{}.{}", "{}-{}-{}.gz", "deep/raw/{}-{}-{}", "My-{}_{}.{}",
    ],
)  # fmt: skip
def test_a_set_is_found_whatever_its_names(tmp_path, form):
    dataset = load(put_set(tmp_path / "set", form))
    assert dataset.train.images.tobytes() == X.tobytes()
    assert (len(dataset.test), dataset.class_names) == (26, ("0", "1"))


def test_capitals_and_folders_of_their_own(tmp_path):
    for split in ("TRAIN", "T10K"):
        put_idx(tmp_path / f"{split}-IMAGES" / f"{split}-IMAGES.IDX3", X)
        put_idx(tmp_path / f"{split}-LABELS" / f"{split}-LABELS.IDX1", LETTERS % 3)
    assert load(tmp_path).classes == 3


@pytest.mark.parametrize("kind", ["u1", "i1", ">i2", ">i4"])
def test_labels_of_any_whole_number(tmp_path, kind):
    folder = put_set(tmp_path, "{}-{}-{}", LETTERS, kind)
    assert load(folder).class_names == tuple(map(str, LETTERS))


def test_labels_of_qmnist(tmp_path):
    labels = np.repeat(LETTERS[:, None] % 10, 8, axis=1) * [1, 50, 9, 3, 7, 1, 0, 0]
    put_set(tmp_path, "qmnist-{}-{}-{}", labels, ">i4", "idx2-int")
    dataset = load(tmp_path)
    assert dataset.class_names == tuple("0123456789")
    assert dataset.train.targets.tolist() == (LETTERS % 10).tolist()


def test_pixels_of_other_types(tmp_path):
    put_set(tmp_path, "{}-{}-{}")
    put_idx(tmp_path / "train-images-idx3-ubyte", X, ">i4")
    put_idx(tmp_path / "t10k-images-idx3-ubyte", X / 255, ">f4")
    assert load(tmp_path).test.images.tobytes() == X.tobytes()


@pytest.mark.parametrize("folder", ["emnist", "any"])
def test_emnist_is_transposed_and_its_letters_have_names(tmp_path, folder):
    name = "emnist-letters-{}-{}-{}" if folder == "any" else "letters-{}-{}-{}"
    dataset = load(put_set(tmp_path / folder, name, LETTERS))
    assert dataset.train.images.tobytes() == X.transpose(0, 2, 1).tobytes()
    assert "".join(dataset.class_names) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_other_sets_are_not_transposed(tmp_path):
    dataset = load(put_set(tmp_path / "kmnist", "{}-{}-{}"))
    assert dataset.train.images.tobytes() == X.tobytes()


def test_the_mapping_of_a_set_names_its_classes(tmp_path):
    put_set(tmp_path, "emnist-balanced-{}-{}-{}", LETTERS % 2)
    (tmp_path / "emnist-balanced-mapping.txt").write_text("\ufeff0 120\n1 121\n\n")
    assert load(tmp_path).class_names == ("x", "y")
    (tmp_path / "emnist-balanced-mapping.txt").write_text("zero x")
    with pytest.raises(DatasetError, match="a label and a character code in each line"):
        load(tmp_path)


def test_the_variants_have_the_classes_of_the_paper():
    assert {name: len(names) for name, names in EMNIST.items()} == {
        "letters": 26, "byclass": 62, "bymerge": 47, "balanced": 47,
    }  # fmt: skip


def test_one_of_several_sets_is_chosen_by_a_file(tmp_path):
    put_set(tmp_path, "emnist-letters-{}-{}-{}", LETTERS)
    put_set(tmp_path, "emnist-digits-{}-{}-{}", LETTERS % 10)
    with pytest.raises(DatasetError, match="holds 2 sets of IDX files"):
        load(tmp_path)
    chosen = load(tmp_path / "emnist-digits-t10k-labels-idx1-ubyte")
    assert chosen.class_names == tuple("0123456789")


def test_a_file_that_is_missing_or_damaged_is_named(tmp_path):
    put_set(tmp_path, "{}-{}-{}")
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DatasetError, match="images t10k-images-idx3-ubyte, but no la"):
        load(tmp_path)
    path = put_idx(tmp_path / "t10k-labels-idx1-ubyte", LETTERS % 2)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"only 25\. Replace or remove"):
        read_idx_set(sorted(tmp_path.iterdir()), None)


def test_training_files_alone_are_split(tmp_path):
    put_idx(tmp_path / "train-images-idx3-ubyte", X)
    put_idx(tmp_path / "train-labels-idx1-ubyte", LETTERS % 2)
    assert len(load(tmp_path).test) == 4


@pytest.mark.parametrize("kind", ["float", "double", "short", "int"])
def test_the_type_of_the_numbers_may_be_in_the_name(tmp_path, kind):
    put_idx(tmp_path / f"train-images.idx3-{kind}", X / 255, ">f4")
    put_idx(tmp_path / "train-labels.idx1-ubyte", LETTERS % 2)
    assert load(tmp_path).classes == 2
