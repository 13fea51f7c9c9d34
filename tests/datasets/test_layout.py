import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.layout import NONE_HELD_OUT, arrange
from handgrad.errors import DatasetError


def files(*names):
    return [ImageFile(name, 1, (1,)) for name in names]


def names_of(plan):
    names = [file.name for file in plan.files]
    return names[: plan.counts[0]], names[plan.counts[0] :]


def test_many_classes_are_arranged_in_one_pass():
    many = files(*(f"{k:05}/{n}.png" for k in range(20_000) for n in range(2)))
    begun = time.perf_counter()
    assert arrange(many, "many").counts == (40_000, 0, 0)
    assert time.perf_counter() - begun < 20  # one pass per class would take minutes


def test_train_and_test_folders_are_the_splits():
    plan = arrange(
        files("test/a/1.png", "train/a/2.png", "train/b/x/3.png", "val/a/4.png"), "pets"
    )
    assert names_of(plan) == (
        ["train/a/2.png", "train/b/x/3.png"],
        ["test/a/1.png", "val/a/4.png"],
    )
    assert plan.counts == (2, 1, 1)
    assert plan.targets.tolist() == [0, 1, 0, 0]
    assert plan.class_names == ("a", "b")
    assert plan.sources["validation"] == "the folder val"


def test_a_class_may_be_called_train_or_test():
    plan = arrange(files("bus/1.png", "train/2.png"), "vehicles")
    assert plan.class_names == ("bus", "train")
    plan = arrange(files("exam/1.png", "test/2.png"), "papers")
    assert plan.class_names == ("exam", "test")


@pytest.mark.parametrize("around", ["", "photos/"])
@pytest.mark.parametrize("inside", ["1.png", "june/1.png", "bus/1.png"])
def test_test_images_next_to_classes_are_no_class(around, inside):
    names = [f"{around}{c}/1.png" for c in ("bus", "car")]
    with pytest.raises(DatasetError, match=r"\(test\) are next to others \(bus, car\)"):
        arrange(files(*names, f"{around}test/{inside}"), "vehicles")


def test_folders_around_the_classes_are_skipped():
    inner = arrange(files("a/1.png", "b/1.png"), "pets")
    outer = arrange(files("x/y/a/1.png", "x/y/b/1.png"), "pets")
    assert outer.class_names == inner.class_names
    assert outer.targets.tolist() == inner.targets.tolist()


counts = st.lists(st.integers(1, 30), min_size=2, max_size=5)


@given(counts=counts)
def test_a_fifth_of_each_class_is_held_out_rounded_down(counts):
    names = [f"{k}/{n:03}.png" for k, count in enumerate(counts) for n in range(count)]
    plan = arrange(files(*names), "pets")
    train, test = names_of(plan)
    assert sorted([*train, *test]) == names
    assert train == sorted(train)
    assert test == sorted(test)
    aside = np.bincount(plan.targets[plan.counts[0] :], minlength=len(counts))
    assert aside.tolist() == [count // 5 for count in counts]


def test_held_out_images_stay_so_when_images_are_added():
    names = [f"{k}/{n:03}.png" for k in "ab" for n in range(50)]
    _, before = names_of(arrange(files(*names), "pets"))
    _, after = names_of(arrange(files(*names, "a/new.png"), "pets"))
    assert len(set(before) - set(after)) <= 1
    assert len(set(after) - set(before)) <= 1
    assert before != [name for name in names if name[2:] < "010.png"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "pets holds no images. Make one folder"),
        (["a/1.png"], r"one class only \(a\), but a classifier needs two"),
        (["1.png", "a/2.png"], "pets: 1.png is not in a class folder"),
        (["test/a/1.png", "train/1.png"], "train/1.png is not in a class folder"),
        (
            ["train/a/1.png", "train/b/1.png", "test/c/2.png"],
            "test/c/2.png belongs to none of the training classes",
        ),
    ],
)
def test_invalid_layouts_are_refused(names, words):
    with pytest.raises(DatasetError, match=words):
        arrange(files(*names), "pets")


def both(first, second, classes=("cat", "dog")):
    return [
        f"{split}/{name}/{split}.png" for split in (first, second) for name in classes
    ]


@pytest.mark.parametrize(
    "pair",
    [("Training", "Testing"), ("TRAIN", "TEST"), ("seg_train", "seg_test"),
     ("train_images", "test_images"), ("trn", "tst"), ("training set", "test set")],
)  # fmt: skip
def test_splits_are_found_in_any_spelling(pair):
    plan = arrange(files(*both(*pair)), "pets")
    assert plan.class_names == ("cat", "dog")
    assert plan.counts == (2, 2, 0)
    assert plan.sources == {
        "train": f"the folder {pair[0]}",
        "test": f"the folder {pair[1]}",
    }


def test_training_and_validation_without_test_split():
    plan = arrange(files(*both("train", "valid")), "pets")
    assert plan.counts == (2, 0, 2)


def test_a_split_may_be_nested_in_a_folder_of_the_same_name():
    names = [f"seg_{s}/seg_{s}/{c}/1.png" for s in ("train", "test") for c in "ab"]
    plan = arrange(files(*names, "seg_pred/seg_pred/1.png"), "scenes")
    assert plan.class_names == ("a", "b")
    assert plan.counts == (2, 2, 0)
    assert plan.left == ("seg_pred",)


def test_a_class_of_images_that_are_not_read_says_so():
    rows, ignored = files("cat/1.png", "dog/1.png"), {"hat": {".heic": 5}}
    with pytest.raises(
        DatasetError,
        match=r"no images in hat \(hat: 5 .heic files, which are not read\), next to "
        r".* Convert .heic files to JPEG, remove the folder",
    ):
        arrange(rows, "pets", ["cat", "dog", "hat"], ignored)


def test_unlabelled_test_images_are_not_used():
    names = [f"train/{c}/{k}.png" for c in "ab" for k in range(5)]
    plan = arrange(files(*names, "test1/1.png", "test1/2.png"), "cats")
    assert plan.counts == (8, 2, 0)
    assert plan.left == ("test1",)
    assert plan.sources["test"] == "a fifth of each class"


def test_splits_may_be_inside_the_classes():
    names = [f"{c}/{s}/1.png" for c in ("cat", "dog") for s in ("train", "test", "val")]
    plan = arrange(files(*names), "pets")
    assert plan.class_names == ("cat", "dog")
    assert plan.counts == (2, 2, 2)
    assert plan.targets.tolist() == [0, 1] * 3


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["car/1.png", "train/1.png", "bus/1.png"], ("bus", "car", "train")),
        (["train station/1.png", "test tube/1.png"], ("test tube", "train station")),
        (["cat/images/1.png", "dog/images/1.png"], ("cat", "dog")),
        (["cat/indoor/1.png", "dog/outdoor/1.png"], ("cat", "dog")),
    ],
)
def test_class_folders_are_not_taken_for_splits(names, classes):
    assert arrange(files(*names), "pets").class_names == classes


def test_an_empty_folder_next_to_the_classes_is_named():
    rows = files("cat/1.png", "dog/june/1.png")
    places = ["cat", "dog", "dog/june", "dog/july", "cow"]
    with pytest.raises(DatasetError, match=r"no images in cow, next to .*allow_empty"):
        arrange(rows, "pets", places)
    assert arrange(rows, "pets", places[:-1]).class_names == ("cat", "dog")


def test_unlabelled_test_images_are_not_used_wherever_they_are():
    names = [f"train/{c}/{k}.png" for c in "ab" for k in range(5)]
    for place in ("testSet/testSet", "test/images", "test/unlabeled", "Test"):
        plan = arrange(files(*names, f"{place}/1.png", f"{place}/2.png"), "digits")
        assert plan.counts == (8, 2, 0)
        assert plan.left == (place.split("/")[0],)


def test_a_sample_of_the_training_images_is_not_counted_twice():
    names = [f"{s}/{s}/{c}/1.png" for s in ("trainingSet", "trainingSample")
             for c in "01"]  # fmt: skip
    plan = arrange(files(*names, "testSet/testSet/7.png"), "digits")
    assert [file.parts[0] for file in plan.files] == ["trainingSet"] * 2
    assert plan.left == ("testSet", "trainingSample")


def test_evaluation_is_the_test_unless_there_is_one():
    first = arrange(files(*both("training", "evaluation"), *both("validation", "x")),
                    "food")  # fmt: skip
    assert first.counts == (2, 2, 2)
    second = arrange(files(*both("train", "eval"), *both("test", "x")), "food")
    assert second.sources["validation"] == "the folder eval"
    assert second.left == ("x",)


def test_a_folder_around_the_classes_of_a_split_is_skipped():
    names = [f"{s}/images/{c}/1.png" for s in ("train", "val") for c in ("cat", "dog")]
    assert arrange(files(*names), "pets").class_names == ("cat", "dog")


@pytest.mark.parametrize("around", ["data", "archive/data"])
def test_splits_are_found_in_one_of_several_folders(around):
    names = [f"{around}/{name}" for name in both("train", "test")]
    plan = arrange(files(*names, "samples/1.png"), "pets")
    assert plan.class_names == ("cat", "dog")
    assert plan.counts == (2, 2, 0)
    assert plan.left == ("samples",)


def test_unlabelled_images_next_to_inner_splits_are_not_used():
    names = [f"{c}/{s}/1.png" for c in ("cat", "dog") for s in ("train", "test")]
    plan = arrange(files(*names, "cat/unlabeled/1.png"), "pets")
    assert plan.counts == (2, 2, 0)
    assert plan.left == ("unlabeled",)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a/train/cat/1.png", "a/train/dog/1.png", "a/test/cat/1.png",
          "b/Training/cat/1.png", "b/Training/dog/1.png", "b/Testing/dog/1.png"],
         "a and b hold folders of the same names"),
        (["train/steam/1.png", "train/diesel/1.png", "car/1.png", "bus/1.png"],
         "train holds folders, as a split does, and next to it is bus, car"),
        (["trainA/1.png", "trainB/1.png", "testA/1.png", "testB/1.png"],
         "trainA and testA|testA and trainA"),
    ],
)  # fmt: skip
def test_possible_splits_are_never_taken_for_classes(names, words):
    with pytest.raises(DatasetError, match=words):
        arrange(files(*names), "pets")


def test_an_empty_folder_of_a_split_or_of_a_class_is_named():
    inner = files(*(f"{c}/{s}/1.png" for c in "ab" for s in ("train", "test")))
    for rows, places, word in (
        (files(*both("train", "test")), ["train", "test", "valid"], "valid"),
        (files(*both("train", "train")), ["train", "val"], "val"),
        (files(*both("train", "test")), ["train/cow"], "train/cow"),
        (files("cat/1.png"), ["cat", "dog"], "dog"),
        (inner, ["a", "b", "c"], "c"),
    ):
        with pytest.raises(DatasetError, match=f"no images in {word}, next to"):
            arrange(rows, "pets", places)
    assert arrange(inner, "pets", ["a/val"]).counts == (2, 2, 0)


def test_an_empty_folder_around_the_classes_is_not_used():
    rows = files("photos/cat/1.png", "photos/dog/1.png")
    assert arrange(rows, "pets", ["photos", "docs"]).left == ("docs",)


CAFE, APART = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def test_both_forms_of_an_accent_are_one_class():
    plan = arrange(
        files(f"train/{CAFE}/1.png", "train/the/2.png", f"test/{APART}/3.png"),
        "pets",
        ["train", f"train/{APART}", "test"],
    )
    assert (plan.class_names, plan.targets.tolist()) == ((CAFE, "the"), [0, 1, 0])
    both = arrange(files(f"{CAFE}/1.png", f"{APART}/2.png", "b/3.png"), "")
    assert both.targets.tolist() == [1, 1, 0]


def test_an_image_in_the_folder_around_splits_is_not_used():
    classes = [f"{split}/{name}/1.png" for split in ("train", "test") for name in "ab"]
    plan = arrange(files("ds/cover.png", *(f"ds/{name}" for name in classes)), "w")
    assert (plan.counts, plan.left) == ((2, 2, 0), ("cover.png",))


@pytest.mark.parametrize("around", ["", "ds/", "w/ds/"])
def test_an_image_next_to_the_class_folders_is_named(around):
    names = [f"{around}{name}" for name in ("cover.png", "a/1.png", "b/2.png")]
    with pytest.raises(DatasetError, match=f"{names[0]} is not in a class folder"):
        arrange(files(*names), "w")


def test_a_class_with_folders_and_images_is_one_class():
    with pytest.raises(DatasetError, match=r"images of one class only \(cat\)"):
        arrange(files("cat/1.png", "cat/june/2.png"), "w")


@pytest.mark.parametrize("count", [4, 5])
def test_what_was_held_out_is_described(count):
    plan = arrange(files(*(f"{k}/{n}.png" for k in "ab" for n in range(count))), "w")
    is_any = count >= 5
    assert plan.sources.get("train") == ("the others" if is_any else None)
    assert plan.sources["test"] == (
        "a fifth of each class" if is_any else NONE_HELD_OUT
    )
