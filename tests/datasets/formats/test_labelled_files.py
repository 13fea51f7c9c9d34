import pytest

from handgrad.datasets.formats.content import EncodedImages, LabelledFile
from handgrad.datasets.formats.labelled_files import load_labelled, plan_of
from handgrad.datasets.image_files import Folder, ImageFile
from handgrad.errors import DatasetError

from .makers import put


def rows_of(*triples):
    return [
        LabelledFile(ImageFile(name, 1, (1,)), class_name, split)
        for name, class_name, split in triples
    ]


def test_training_files_come_first():
    plan = plan_of(rows_of(("1", "b", "test"), ("2", "b", ""), ("3", "a", "train")), "")
    assert [file.name for file in plan.files] == ["2", "3", "1"]
    assert plan.targets.tolist() == [1, 0, 1]
    assert (plan.counts, plan.class_names) == ((2, 1, 0), ("a", "b"))


def test_without_test_files_a_fifth_of_each_class_is_held_out():
    rows = rows_of(*((str(n), "ab"[n > 9], "") for n in range(15)))
    plan = plan_of(rows, "")
    assert plan.counts == (12, 3, 0)
    assert plan.targets[12:].tolist() == [0, 0, 1]
    only_test = [LabelledFile(row.file, row.class_name, "test") for row in rows]
    assert plan_of(only_test, "").counts == (12, 3, 0)


def test_validation_files_are_a_split_of_their_own():
    rows = rows_of(("1", "a", "validation"), ("2", "b", ""), ("3", "a", "train"))
    plan = plan_of(rows, "")
    assert (plan.counts, plan.sources) == ((2, 0, 1), {})
    assert [file.name for file in plan.files] == ["2", "3", "1"]


def test_a_test_class_without_training_files_is_refused():
    with pytest.raises(DatasetError, match="it: 2 is of class b, which has no"):
        plan_of(rows_of(("1", "a", "train"), ("2", "b", "test")), "it")
    with pytest.raises(DatasetError, match="holds no images with labels"):
        plan_of([], "it")


def test_the_cache_is_used_until_labels_change(tmp_path):
    put(tmp_path, {f"{n}.png": n for n in range(4)})
    folder, seen = Folder(tmp_path), []

    def loaded(names):
        files = folder.sorted_files()
        rows = tuple(LabelledFile(f, c) for f, c in zip(files, names, strict=True))
        progress = lambda what, done, total: seen.append(what)  # noqa: E731
        return load_labelled(tmp_path, EncodedImages(folder, rows), progress=progress)

    first = loaded("abab")
    count = len(seen)
    assert loaded("abab").checksum == first.checksum
    assert len(seen) == count
    assert loaded("abba").train.targets.tolist() == [0, 1, 1, 0]
    assert len(seen) > count


def test_both_forms_of_an_accent_are_one_class():
    rows = rows_of(("1", "cafe\u0301", "train"), ("2", "caf\xe9", "test"))
    assert plan_of(rows, "").class_names == ("caf\xe9",)
