import re
import shutil
import unicodedata
import warnings

import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.labels_csv import read_labels_csv
from handgrad.errors import ConfigError, DatasetError, HandgradWarning

from .makers import put

KINDS = ["cat", "dog"] * 5
PICTURES = {f"train/{n:03d}.png": n for n in range(10)}


def table(form, header="id,label"):
    """A table with the number and the class of each image."""
    rows = [form.format(n, kind) for n, kind in enumerate(KINDS)]
    return "\n".join([header] * bool(header) + rows)


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ("{:03d},{}", "id,label"),
        ("{:03d}.png,{}", "filename,class"),
        ("{:03d}.png,{}", ""),
        ("train/{:03d}.png,{}", "Path,ClassId"),
        ("./train/{:03d}.png,{}", "image_path,label"),
        ("C:\\data\\train\\{:03d}.png,{}", "file,category"),
        ("0,{:03d},x,{}", "number,image_id,dx_type,dx"),
        ("{:03d};{}", "image;breed"),
        ("{:03d},{}", "photo ref,kind of animal"),
    ],
)
@pytest.mark.parametrize("name", ["labels.csv", "train.csv", "train/labels.csv"])
def test_names_and_classes_in_a_table(tmp_path, form, header, name):
    put(tmp_path, {**PICTURES, name: table(form, header)})
    dataset = load(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_the_table_itself_may_be_given(tmp_path):
    put(tmp_path, {**PICTURES, "labels.csv": table("{:03d},{}")})
    assert load(tmp_path / "labels.csv").checksum == load(tmp_path).checksum


@pytest.mark.parametrize("folder", ["", "images/"])
def test_a_zip_may_hold_both(tmp_path, folder):
    images = {f"{folder}{n:03d}.png": n for n in range(10)}
    put(tmp_path / "set", {**images, "labels.csv": table("{:03d},{}")})
    shutil.make_archive(tmp_path / "set", "zip", tmp_path / "set")
    found, expected = load(tmp_path / "set.zip"), load(tmp_path / "set")
    assert found.checksum == expected.checksum


def test_other_labels_are_other_data(tmp_path):
    put(tmp_path, {**PICTURES, "labels.csv": table("{:03d},{}")})
    before = load(tmp_path).train.targets.tolist()
    put(tmp_path, {"labels.csv": table("{:03d},{}").replace("dog", "ape")})
    assert load(tmp_path).train.targets.tolist() != before


def test_a_column_can_be_chosen(tmp_path):
    put(tmp_path, {**PICTURES, "a.csv": table("{0:03d},{1},x{1}", "id,label,Colour")})
    assert load(tmp_path, label_from="colour").class_names == ("xcat", "xdog")


def test_a_column_of_splits(tmp_path):
    text = table("{0:03d},{1},train", "id,label,data set").replace(
        "009,dog,train", "009,dog,test"
    )
    put(tmp_path, {**PICTURES, "a.csv": text})
    assert (len(load(tmp_path).train), len(load(tmp_path).test)) == (9, 1)


def test_a_table_for_each_split(tmp_path):
    others = {f"test/{n:03d}.png": 99 + n for n in range(10)}
    tables = dict.fromkeys(("train.csv", "test.csv"), table("{:03d},{}"))
    put(tmp_path, {**PICTURES, **others, **tables})
    assert (len(load(tmp_path).train), len(load(tmp_path).test)) == (10, 10)


@pytest.mark.parametrize("others", ["train", "test"])
@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv", "train.csv"])
def test_an_unknown_split_is_refused(tmp_path, others, name):
    text = table("{0:03d},{1}," + others, "id,label,split")
    text = text.replace(f"009,dog,{others}", "009,dog,exclude")
    text = text.replace(",", "\t") if name.endswith("tsv") else text
    put(tmp_path, {**PICTURES, name: text})
    with pytest.raises(DatasetError, match=r"exclude in 1 row\)\. Write train"):
        load(tmp_path)


def test_a_column_of_other_values_is_not_used(tmp_path):
    text = table("{0:03d},{1},hospital", "id,label,dataset")
    put(tmp_path, {**PICTURES, "a.csv": text})
    found = read_labels_csv([tmp_path, tmp_path / "a.csv"], None)
    assert found.notes == ("the column dataset of a.csv",)
    assert {row.split for row in found.rows} == {"train"}  # of the folder


def test_an_image_in_two_splits_is_refused(tmp_path):
    images = {f"all/{n:03d}.png": n for n in range(10)}
    put(tmp_path, {**images, "test.csv": "id,label\n001,dog\n002,cat"})
    put(tmp_path, {"train.csv": table("{:03d},{}")})
    said = r"2 images in two splits, such as all/001\.png in test and train\. Remove"
    with pytest.raises(DatasetError, match=said):
        load(tmp_path)
    (tmp_path / "test.csv").unlink()
    text = table("{0:03d},{1},train", "id,label,split")
    put(tmp_path, {"train.csv": f"{text}\n003,dog,train\n003,dog,val"})
    with pytest.raises(DatasetError, match=r"1 image .*003\.png in train and valid"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["all.csv", "z.csv"])
def test_a_table_without_splits_contradicts_none(tmp_path, name):
    images = {f"images/{n:03d}.png": n for n in range(10)}
    tables = {"test.csv": "id,label\n001,dog\n002,cat", name: table("{:03d},{}")}
    put(tmp_path, {**images, **tables})
    assert (len(load(tmp_path).train), len(load(tmp_path).test)) == (8, 2)


def test_images_that_no_table_names_are_ignored(tmp_path):
    others = {f"test/{n}.png": n for n in range(30)}
    put(tmp_path, {**PICTURES, **others, "labels.csv": table("{:03d},{}")})
    put(tmp_path, {"notes.pdf": ""})
    dataset = load(tmp_path)
    assert dataset.passed_over == {".pdf": 1}  # the table was not ignored
    assert len(dataset.train) + len(dataset.test) == 10
    found = read_labels_csv([tmp_path, tmp_path / "labels.csv"], None)
    assert found.notes == dataset.left == ("30 images that no table names",)


def test_other_tables_next_to_class_folders_are_ignored(tmp_path):
    put(tmp_path, {"cat/1.png": 1, "dog/1.png": 2, "notes.csv": "name,type\nx,y\n"})
    assert load(tmp_path).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("77,cat", "names 77, which does not exist"),
        ("001,", "gives 001 no label"),
        ("001,cat", "two classes, dog and cat"),
        ("001", "row 11 has 1 columns"),
    ],
)
def test_an_invalid_row_is_refused(tmp_path, row, words):
    put(tmp_path, {**PICTURES, "a.csv": table("{:03d},{}") + f"\n{row}\n"})
    with pytest.raises(DatasetError, match=words):
        load(tmp_path)


def test_measurements_are_no_classes(tmp_path):
    rows = "\n".join(f"{n:03d},{n / 7}" for n in range(10))
    put(tmp_path, {**PICTURES, "labels.csv": f"id,label\n{rows}"})
    with pytest.raises(DatasetError, match=r"10 different numbers, such as 0\.14"):
        load(tmp_path)


def test_a_table_of_pixels_that_are_not_square_is_named(tmp_path):
    header = ",".join(["label", *(f"pixel{n}" for n in range(63))])
    put(tmp_path, {"rows.csv": f"{header}\n{',1' * 63}\n"})
    with pytest.raises(DatasetError, match="has 63 columns of pixels, but neither 63"):
        load(tmp_path / "rows.csv")
    header = ",".join(["label", *(f"x{n}" for n in range(64))])
    put(tmp_path, {"rows.csv": f"{header}\n{',1' * 63},?\n"})
    with pytest.raises(DatasetError, match=r"row 1, column x63 holds '\?'"):
        load(tmp_path / "rows.csv")


def test_a_name_that_fits_several_images_is_refused(tmp_path):
    put(tmp_path, {**PICTURES, "b/001.png": 1, "a.csv": table("{:03d},{}")})
    with pytest.raises(DatasetError, match="names 001, which matches several"):
        load(tmp_path)


def test_a_column_for_each_class(tmp_path):
    rows = "\n".join(f"{n:03d},{(n + 1) % 2},{n % 2}" for n in range(10))
    put(tmp_path, {**PICTURES, "a.csv": f"image,cat,dog\n{rows}"})
    assert load(tmp_path).class_names == ("cat", "dog")
    put(tmp_path, {"a.csv": f"image,cat,dog\n{rows}".replace("9,0,1", "9,1,1")})
    with pytest.raises(
        DatasetError, match="gives 009 two classes, cat and dog, but an im"
    ):
        load(tmp_path)
    put(tmp_path, {"a.csv": f"image,cat,dog\n{rows}".replace("9,0,1", "9,0,0")})
    with pytest.raises(DatasetError, match="gives 009 no label"):
        load(tmp_path)


def test_tables_of_predictions_are_not_labels(tmp_path):
    answers = "\n".join(["id,label", *(f"{n},cat" for n in range(900, 905))])
    others = {f"test/{n}.png": n % 99 for n in range(900, 905)}
    put(tmp_path, {**PICTURES, **others, "train.csv": table("{:03d},{}")})
    expected = load(tmp_path).checksum
    put(tmp_path, {"sample_submission.csv": answers, "predictions.csv": answers})
    assert load(tmp_path).checksum == expected


def test_class_folders_take_precedence_over_a_table_of_few(tmp_path):
    put(tmp_path, {f"{kind}/{n}.png": n for kind in "ab" for n in range(10)})
    put(tmp_path, {"notes.csv": "file,tag\na/0.png,x\nb/0.png,y\n"})
    assert load(tmp_path).class_names == ("a", "b")


def test_a_table_that_names_no_image_is_refused(tmp_path):
    put(tmp_path, {**PICTURES, "a.csv": "id,label\n77,cat\n"})
    with pytest.raises(ConfigError, match="no column of names of existing images"):
        load(tmp_path / "a.csv")


def put_parts(folder, header="fname,organ,view", folders=("part_1", "part_2")):
    """Write images in two folders, and their table with two more columns."""
    names = [f"I{n}.png" for n in range(12)]
    rows = [f"{name},{'abc'[n % 3]},{'xy'[n % 2]}" for n, name in enumerate(names)]
    put(folder, {f"{folders[n % 2]}/{name}": n for n, name in enumerate(names)})
    return put(folder, {"m.csv": "\n".join([header, *rows])})


@pytest.mark.parametrize("folders", [("part_1", "part_2"), ("images", "images")])
@pytest.mark.parametrize("label_from", [None, "organs"])
def test_a_table_without_clear_labels_is_refused(tmp_path, folders, label_from):
    put_parts(tmp_path, folders=folders)
    words = r"m\.csv has no column of labels .* fname, organ, view.*--label-from COLUMN"
    with pytest.raises(ConfigError, match=words):
        load(tmp_path, label_from=label_from)
    with pytest.raises(ConfigError, match=words):
        load(tmp_path / "m.csv", label_from=label_from)
    assert load(tmp_path, label_from="organ").class_names == ("a", "b", "c")


def test_a_table_that_repeats_the_folders_or_names_few_is_not_used(tmp_path):
    put_parts(tmp_path / "a", "fname,size,folder", folders=("x", "y"))
    assert load(tmp_path / "a").class_names == ("x", "y")
    put_parts(tmp_path / "b")
    assert load(tmp_path / "b", label_from="folder").class_names == ("part_1", "part_2")
    put(tmp_path / "b", {f"part_1/more{n}.png": n for n in range(13)})
    assert load(tmp_path / "b").class_names == ("part_1", "part_2")


def test_rows_of_different_lengths_are_not_a_table_of_labels(tmp_path):
    put_parts(tmp_path)
    put(tmp_path, {"m.csv": "I0.png,1,2,3\nI1.png,1,2,3,4,5,6\n"})
    assert load(tmp_path).class_names == ("part_1", "part_2")


def test_both_forms_of_an_accent_are_one_name(tmp_path):
    composed, apart = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    kinds = (composed, apart, "x")
    rows = [f"{(apart, composed)[n % 2]}{n},{kinds[n % 3]}" for n in range(12)]
    put(tmp_path, {f"{composed}{n}.png": n for n in range(12)})
    put(tmp_path, {"a.csv": "\n".join(["id,label", *rows])})
    assert load(tmp_path).class_names == ("x", composed)


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("id,label,is_test", "{0:03d},{1},1", ("the column is_test of a.csv",)),
        ("id,label,a,b", "{0:03d},{1},1,2", ("the columns a and b of a.csv",)),
        ("id,label,a,b,c", "{0:03d},{1},1,2,3", ("the columns a and others of a.csv",)),
        ("id,label,usage", "{0:03d},{1},train", ()),
    ],
)
def test_columns_that_are_not_used_are_named(tmp_path, header, row, said):
    put(tmp_path, {**PICTURES, "a.csv": table(row, header)})
    assert load(tmp_path).left == said


@pytest.mark.parametrize("first", ["{:05d}", "{:d}.0", "IM{:d}.PNG"])
def test_a_table_of_other_names_is_refused(tmp_path, first):
    put(tmp_path / "a", {f"images/im{n:03d}.png": n for n in range(10)})
    put(tmp_path / "a", {"a.csv": table(f"{first},{{}}", "file,label")})
    words = f"first name is {re.escape(first.format(0))}, and the "
    with pytest.raises(DatasetError, match=f"{words}images are called im000.png, "):
        load(tmp_path / "a")
    shutil.make_archive(tmp_path / "a", "zip", tmp_path / "a")
    with pytest.raises(DatasetError, match=words):
        load(tmp_path / "a.zip")
    put(tmp_path / "a", {"more/im.png": 3})  # two folders, which may be the classes
    assert load(tmp_path / "a").class_names == ("images", "more")


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ({}, "there are no images next to it"),
        ({"a.png": 1}, "the images are called a.png. Correct its names."),
    ],
)
def test_a_table_with_few_images_says_which(tmp_path, images, said):
    put(tmp_path / "a", {**images, "a.csv": table("{},{}.png", "label,file")})
    shutil.make_archive(tmp_path / "a", "zip", tmp_path / "a")
    for name in ("a", "a.zip"):
        with pytest.raises(DatasetError, match=said):
            load(tmp_path / name)


def test_a_first_row_without_its_image_is_refused(tmp_path):
    text = table("{:03d},{}", "id,label").replace("000", "77")
    put(tmp_path, {**PICTURES, "a.csv": text})
    with pytest.raises(DatasetError, match="names 77, which does not exist"):
        load(tmp_path)


@pytest.mark.parametrize(("marked", "said"), [("1,1,0", "two"), ("1,1,1", "3")])
@pytest.mark.parametrize("row", [0, 3])
def test_several_marked_classes_are_named_and_one_column_can_be_chosen(
    tmp_path, marked, said, row
):
    rows = [f"{n:03d},{n % 2},{(n + 1) % 2},0" for n in range(10)]
    rows[row] = f"{row:03d},{marked}"
    put(tmp_path, {**PICTURES, "a.csv": "\n".join(["image,ant,bee,cat", *rows])})
    with pytest.raises(DatasetError, match=f"gives 00{row} {said} classes, ant"):
        load(tmp_path)
    assert load(tmp_path, label_from="ant").class_names == ("0", "1")


@pytest.mark.parametrize("rows_before", [0, 200])
def test_labels_of_an_unknown_encoding_give_a_warning(tmp_path, rows_before):
    count = rows_before + 10  # beyond the bytes by which the encoding is detected
    put(tmp_path, {f"{n:030d}.png": n % 99 for n in range(count)})
    rows = [f"{n:030d},{'cat' if n % 2 else 'dog'}" for n in range(rows_before)]
    words = ["\u043a\u043e\u0442", "\u043f\u0451\u0441"]
    rows += [f"{n:030d},{words[n % 2]}" for n in range(rows_before, count)]
    text = "\n".join(["id,label", *rows])
    (tmp_path / "a.csv").write_bytes(text.encode("cp1251"))
    said = r"a\.csv is not UTF-8, and its encoding .* may be wrong"
    with pytest.warns(HandgradWarning, match=said):
        load(tmp_path)
    (tmp_path / "a.csv").write_text(text, "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(words) <= set(load(tmp_path).class_names)
