import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.csv_table import Form
from handgrad.datasets.formats.pixel_csv import columns_of, is_pixel_csv, read_rows
from handgrad.errors import ConfigError, DatasetError, HandgradWarning

from .makers import images

X = images(10, 4, 4)
Y = np.arange(10) % 2
NAMES = [f"pixel{n}" for n in range(16)]


def put_csv(path, header, *columns, mark=","):
    rows = np.column_stack([c.reshape(len(X), -1).astype(str) for c in columns])
    lines = [mark.join(header)] * bool(header) + [mark.join(row) for row in rows]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["label", *NAMES], (Y, X)),
        ([*NAMES, "label"], (X, Y)),
        (["Label", *NAMES], (Y, X)),
        (["", "label", *NAMES], (np.arange(10), Y, X)),
        (["id", *NAMES, "class"], (np.arange(10), X, Y)),
        (["label", *map(str, range(16))], (Y, X)),
        (["label", *(f"{r}x{c}" for r in range(4) for c in range(4))], (Y, X)),
        ([], (Y, X)),
        (["label", *NAMES], (np.array(["b", "a"])[1 - Y], X)),
        (["label", *NAMES], (Y.astype(float), X.astype(float))),
    ],
)
def test_rows_of_pixels_with_a_label(tmp_path, header, columns):
    path = put_csv(tmp_path / "train.csv", header, *columns)
    dataset = load(path)
    found, labels = read_rows(path)
    assert found.tobytes() == X.tobytes()
    assert len(set(labels.tolist())) == 2
    assert dataset.classes == 2
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_train_and_test_of_a_folder(tmp_path):
    for name in ("mnist_train.csv", "mnist_test.csv"):
        put_csv(tmp_path / name, ["label", *NAMES], Y, X)
    assert len(load(tmp_path).test) == 10


def test_a_file_without_labels_is_ignored(tmp_path):
    put_csv(tmp_path / "train.csv", ["label", *NAMES], Y, X)
    path = put_csv(tmp_path / "test.csv", NAMES, X)
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    assert len(load(tmp_path).train) == 8
    assert read_rows(path)[1] is None
    with pytest.raises(DatasetError, match=r"without labels, .* use handgrad predict"):
        load(path)


def test_colour_in_rows(tmp_path):
    colour = images(10, 3, 5, 5)
    path = put_csv(tmp_path / "a.csv", [], Y, colour)
    assert read_rows(path)[0].shape == (10, 3, 5, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("300", "holds pixels from"),
        ("x", "row 11, column pixel15 holds 'x', but a pixel is a number. Correct"),
        ("", "row 11, column pixel15 holds '', but a pixel is a number. Correct"),
        ("nan", "row 11, column pixel15 holds 'nan', but a pixel is a number"),
        ('"0,5"', "column pixel15 holds '0,5', .* Write decimals with a point"),
        ("1,1", "row 11 has 18 columns, expected 17"),
    ],
)
def test_an_invalid_row_is_refused(tmp_path, text, words):
    path = put_csv(tmp_path / "a.csv", ["label", *NAMES], Y, X)
    path.write_text(path.read_text() + "\n" + ",".join(["1"] * 16 + [text]))
    with pytest.raises(DatasetError, match=words):
        load(path)


@pytest.mark.parametrize("first", ["", "x", "nan"])
def test_a_first_row_that_is_wrong_is_located(tmp_path, first):
    path = put_csv(tmp_path / "train.csv", ["label", *NAMES], Y, X)
    put_csv(tmp_path / "test.csv", ["label", *NAMES], Y, X)
    head, row, *rows = path.read_text().split("\n")
    row = ",".join([*row.split(",")[:-1], first])
    path.write_text("\n".join([head, row, *rows]))
    said = f"train.csv: row 1, column pixel15 holds '{first}', but a pixel is a number"
    for read in (load, read_rows, lambda path: load(path.parent)):
        with pytest.raises(DatasetError, match=said):
            read(path)


def test_a_wrong_cell_below_many_rows_is_located(tmp_path):
    rows = ["label," + ",".join(NAMES)] + ["1" + ",2" * 16] * 5000
    rows[4500] = "word" + ",2" * 15 + ",?"
    (tmp_path / "a.csv").write_text("\n".join(rows))
    with pytest.raises(DatasetError, match="row 4500, column pixel15 holds '\\?'"):
        load(tmp_path / "a.csv")


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("order", [sorted, lambda names: names[::-1]])
def test_the_numbers_of_columns_give_the_order_of_pixels(tmp_path, order, first):
    names = [f"pixel{n + first}" for n in range(16)]
    chosen = [names.index(name) for name in order(names)]
    moved = X.reshape(10, 16)[:, chosen]
    train = put_csv(tmp_path / "train.csv", [*order(names), "label"], moved, Y)
    test = put_csv(tmp_path / "test.csv", ["label", *names], Y, X)
    dataset = load(tmp_path)
    assert read_rows(train)[0].tobytes() == read_rows(test)[0].tobytes() == X.tobytes()
    assert dataset.train.images.tobytes() == dataset.test.images.tobytes()


def test_the_first_of_columns_of_one_stem_is_the_label(tmp_path):
    path = put_csv(tmp_path / "a.csv", [f"V{n}" for n in range(1, 18)], Y, X)
    found, labels = read_rows(path)
    assert found.tobytes() == X.tobytes()
    assert labels.tolist() == Y.tolist()


@pytest.mark.parametrize("name", ["pixel3", "pixel16", "writer"])
@pytest.mark.parametrize("has_label", [True, False])
def test_a_column_too_many_shifts_no_image(tmp_path, name, has_label):
    header = [*NAMES, name, *["label"] * has_label]
    path = put_csv(tmp_path / "train.csv", header, X, Y, *[Y] * has_label)
    if name == "writer":
        assert read_rows(path)[0].tobytes() == X.tobytes()
        return
    said = "2 columns named pixel3" if name == "pixel3" else "17 columns of pixels"
    for read in (load, read_rows, lambda path: load(path.parent)):
        with pytest.raises(DatasetError, match=said):
            read(path)


@pytest.mark.parametrize("count", [5, 10, 14, 18])
def test_other_tables_hold_no_pixels(tmp_path, count):
    (tmp_path / "a.csv").write_text(",".join(["1"] * count))
    assert not is_pixel_csv(tmp_path / "a.csv")
    with pytest.raises(DatasetError):
        read_rows(tmp_path / "a.csv")


def test_a_header_of_another_length_is_not_accepted():
    form = Form("utf-8", ",", ("label",), ("1",) * 17)
    assert columns_of(form) is None


def put_writers(path, name="writer"):
    writers = np.array(["ann", "bob", "cy", "ann", "bob"] * 2)
    return put_csv(path, ["label", name, *NAMES], Y, writers, X)


def test_other_columns_are_used_only_if_requested(tmp_path):
    path = put_writers(tmp_path / "a.csv")
    dataset = load(path)
    assert dataset.class_names == ("0", "1")
    assert dataset.left == ("writer of a.csv",)
    assert load(path, label_from="Writer").class_names == ("ann", "bob", "cy")
    assert read_rows(path)[0].tobytes() == X.tobytes()


def test_all_channels_of_numbered_columns_are_used(tmp_path):
    colour = images(10, 3, 4, 4)
    names = [f"{channel}{n}" for channel in "rgb" for n in range(16)]
    header = ["label", "writer", *names]
    path = put_csv(tmp_path / "a.csv", header, Y, Y, colour)
    assert read_rows(path)[0].shape == (10, 3, 4, 4)


def test_ambiguous_labels_are_refused(tmp_path):
    header = ["writer", "age", *NAMES]
    path = put_csv(tmp_path / "a.csv", header, Y, Y + 2, X)
    with pytest.raises(ConfigError, match=r"identified \(it has writer, age\)"):
        load(path)
    assert load(path, label_from="age").class_names == ("2", "3")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["label", *NAMES], r"named zzz \(it has label\)"),
        (["writer", *NAMES], r"named zzz \(it has writer\)"),
        ([], r"named zzz \(it has no header\)"),
    ],
)
def test_a_missing_column_is_refused(tmp_path, header, words):
    path = put_csv(tmp_path / "a.csv", header, Y, X)
    with pytest.raises(ConfigError, match=words):
        load(path, label_from="zzz")


def test_labels_of_an_unknown_encoding_give_a_warning(tmp_path):
    words = np.array(["\u043a\u043e\u0442", "\u043f\u0451\u0441"])[Y]
    path = put_csv(tmp_path / "a.csv", ["label", *NAMES], words, X)
    path.write_bytes(path.read_text().encode("cp1251"))
    with pytest.warns(HandgradWarning, match="may be wrong. Save it as UTF-8"):
        load(path)


def test_a_last_column_of_labels_without_a_header_is_chosen_or_refused(tmp_path):
    path = put_csv(tmp_path / "train.csv", [], X, Y)
    for read in (load, read_rows):
        with pytest.raises(ConfigError, match=r"last .* labels.*--label-from first or"):
            read(path)
    dataset = load(path, label_from="last")
    assert dataset.train.targets.sum() == dataset.train.targets.size / 2
    assert dataset.train.images[0].tobytes() in X.tobytes()
    first = put_csv(tmp_path / "first.csv", [], Y, X)
    assert load(first).checksum == load(first, label_from="first").checksum
    with pytest.raises(ConfigError, match="named middle"):
        load(first, label_from="middle")


def test_a_last_column_of_words_without_a_header_is_the_label(tmp_path):
    path = put_csv(tmp_path / "train.csv", [], X, np.array(["cat", "dog"])[Y])
    assert load(path).class_names == ("cat", "dog")


def test_two_plausible_columns_without_a_header_are_refused(tmp_path):
    binary = (X > 127).astype(np.uint8)
    binary[0, ..., -1, -1], binary[1, ..., -1, -1] = 0, 1
    path = put_csv(tmp_path / "train.csv", [], Y, binary)
    with pytest.raises(ConfigError, match="as well as its first"):
        load(path)
    assert load(path, label_from="first").classes == 2
