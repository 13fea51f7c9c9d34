import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import load


@pytest.fixture
def pictures(tmp_path):
    """Two test digits as files; the first is of the class that its name says."""
    test = load("digits", image_size=(28, 28)).test
    paths = []
    for row in (0, 1):
        paths.append(tmp_path / f"digit{test.targets[row]}.png")
        Image.fromarray(test.images[row, 0]).save(paths[-1])
    return paths


def test_each_picture_has_a_class_and_what_it_might_be_else(
    handgrad, trained, pictures
):
    code, out, err = handgrad(f"predict {trained} {pictures[0]} {pictures[1]}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 3
    for line, path in zip(lines[1:], pictures, strict=True):
        name, best, probability, *_ = line.split()
        assert name == str(path)
        assert best == path.stem[-1]
        assert probability.endswith("%")


def test_json_holds_all_probabilities(handgrad, trained, pictures):
    out = handgrad(f"predict {trained} {pictures[0]} --json").out
    (answer,) = json.loads(out)["predictions"]
    values = answer["probabilities"]
    assert list(values) == list("0123456789")
    assert np.isclose(sum(values.values()), 1)
    assert answer["probability"] == max(values.values()) == values[answer["class"]]


def test_top_says_how_many_classes_are_named(handgrad, trained, pictures):
    assert handgrad(f"predict {trained} {pictures[0]} --top 1").out.count("%") == 1
    assert handgrad(f"predict {trained} {pictures[0]} --top 99").out.count("%") == 10


def test_mistakes_are_sentences(refused, trained, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    assert "bad.png cannot be read" in refused(f"predict {trained} bad.png")
    assert "none.png cannot be read" in refused(f"predict {trained} none.png")
    assert "nowhere does not exist" in refused("predict nowhere bad.png")
    assert "--top takes an integer" in refused(f"predict {trained} bad.png --top 0")
    assert "--invert takes no, auto or yes" in refused(
        f"predict {trained} bad.png --invert maybe"
    )
    for own in ("config.toml", "new.csv"):
        assert "which is part of the network itself" in refused(
            f"predict {trained} {trained}/figures --csv {trained}/{own}"
        )
    (tmp_path / "empty").mkdir()
    assert "empty contains no images" in refused(f"predict {trained} empty")
    assert "Missing argument" in refused(f"predict {trained}")


def test_a_folder_is_answered_with_all_below_it(handgrad, trained, pictures, tmp_path):
    folder = tmp_path / "some"
    (folder / "below").mkdir(parents=True)
    pictures[0].rename(folder / "a.png")
    pictures[1].rename(folder / "below" / "b.png")
    (folder / "notes.txt").write_text("no picture")
    code, out, _ = handgrad(f"predict {trained} {folder} --csv {tmp_path / 'x.csv'}")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == [
        str(folder / "a.png"),
        str(folder / "below" / "b.png"),
    ]
    heads, *rows = (tmp_path / "x.csv").read_text().splitlines()
    assert heads.startswith("image,class,probability,probability of 0,")
    assert len(rows) == 2


def test_bytes_that_are_no_text_are_the_same_in_the_table_and_in_csv(
    handgrad, trained, pictures, tmp_path
):
    place = os.path.join(os.fsencode(tmp_path), b"some")
    os.mkdir(place)
    os.rename(pictures[0], os.path.join(place, b"bad\xff.png"))
    out = handgrad(f"predict {trained} some --csv x.csv").out
    assert out.splitlines()[1].split()[0] == r"some/bad\xff.png"
    rows = (tmp_path / "x.csv").read_text().splitlines()
    assert rows[1].startswith(r"some/bad\xff.png,")


def test_what_is_passed_over_in_a_folder_is_said(handgrad, trained, pictures, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    empty = handgrad(f"predict {trained} some")
    assert empty.code == 2
    assert "some contains no images (ignored: 1 broken link). Give" in empty.err
    pictures[0].rename(folder / "a.png")
    code, _, err = handgrad(f"predict {trained} some")
    assert (code, err) == (0, "ignored: 1 broken link\n")
    (folder / "a.csv").write_text("1,2")
    found = handgrad(f"predict {trained} some {pictures[1]} --json")
    assert found.err == "ignored: 1 .csv, 1 broken link\n"
    said = json.loads(found.out.splitlines()[-1])
    assert said["passed_over"] == {"broken links": 1, ".csv": 1}
    assert handgrad(f"predict {trained} {pictures[1]}").err == ""


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("x.zip", "Unpack it and give the folder."),
        ("x.TAR", "Unpack it and give the folder."),
        ("x.tar.gz", "Unpack it and give the folder."),
        ("x.npy", "For arrays, use Python: handgrad.load(run).predict(images)."),
    ],
)
def test_archives_and_arrays_are_refused_with_advice(
    refused, trained, tmp_path, name, advice
):
    (tmp_path / name).write_bytes(b"PK")
    assert advice in refused(f"predict {trained} {name}")


def test_a_bad_file_does_not_stop_the_others(handgrad, trained, pictures, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    code, out, err = handgrad(f"predict {trained} {pictures[0]} bad.png none.png")
    assert code == 2
    assert len(out.splitlines()) == 2
    assert "bad.png cannot be read as" in err
    assert "none.png cannot be read" in err
    assert "2 of 3 files could not be read; all others were classified" in err
    out = handgrad(f"predict {trained} {pictures[0]} bad.png --json").out
    assert len(json.loads(out)["predictions"]) == 1
    assert len(json.loads(out)["unreadable"]) == 1


def test_inverted_digits_are_detected_and_swapped(handgrad, trained, tmp_path):
    test = load("digits", image_size=(28, 28)).test
    paths = [tmp_path / "as_trained.png", tmp_path / "inverted.png"]
    Image.fromarray(test.images[0, 0]).save(paths[0])
    Image.fromarray(255 - test.images[0, 0]).save(paths[1])
    words = f"predict {trained} {paths[0]} {paths[1]}"
    code, _, err = handgrad(words)
    assert code == 0
    assert "1 of 2 images looks inverted" in err
    assert "--invert auto" in err
    code, out, err = handgrad(f"{words} --invert auto")
    assert "light and dark were swapped" in err
    first, second = (line.split()[1:] for line in out.splitlines()[1:])
    assert first == second
    assert "looks inverted" not in handgrad(f"predict {trained} {paths[0]}").err


def test_other_losses_give_scores_under_their_own_name(handgrad, pictures, tmp_path):
    words = "train softmax_regression --dataset digits --image-size 28 --epochs 1 -q"
    handgrad(f"{words} --loss multiclass_svm --run {tmp_path / 'svm'}")
    out = handgrad(f"predict {tmp_path / 'svm'} {pictures[0]}").out
    assert "score" in out
    assert "%" not in out
    found = handgrad(f"predict {tmp_path / 'svm'} {pictures[0]} --json").out
    (answer,) = json.loads(found)["predictions"]
    assert "probabilities" not in answer
    assert answer["scores"][answer["class"]] == answer["score"]


@pytest.mark.parametrize("in_one_column", [False, True])
def test_rows_of_pixels_are_answered_as_pictures_are(
    handgrad, trained, pictures, tmp_path, in_one_column
):
    rows = [np.asarray(Image.open(path)).reshape(-1).tolist() for path in pictures]
    lines = [",".join(f"pixel{n}" for n in range(784))]
    lines += [",".join(map(str, row)) for row in rows]
    if in_one_column:
        lines = ["pixels", *(line.replace(",", " ") for line in lines[1:])]
    (tmp_path / "test.csv").write_text("\n".join(lines))
    found = json.loads(handgrad(f"predict {trained} test.csv --json").out)
    names = [answer["image"] for answer in found["predictions"]]
    assert names == ["test.csv:1", "test.csv:2"]
    for answer, path in zip(found["predictions"], pictures, strict=True):
        alone = json.loads(handgrad(f"predict {trained} {path} --json").out)
        (expected,) = alone["predictions"]
        assert answer["probabilities"] == pytest.approx(
            expected["probabilities"], rel=1e-5
        )


def test_other_tables_are_not_replaced(handgrad, refused, trained, pictures, tmp_path):
    words = f"predict {trained} {pictures[0]} --csv labels.csv"
    (tmp_path / "labels.csv").write_text("file,label\na.png,3\n")
    assert "labels.csv, which exists and holds no predictions" in refused(words)
    assert (tmp_path / "labels.csv").read_text() == "file,label\na.png,3\n"
    (tmp_path / "labels.csv").write_text("")
    for _ in range(2):  # the second time it holds predictions
        assert handgrad(words).code == 0
    assert (tmp_path / "labels.csv").read_text().startswith("image,class,prob")


def test_a_table_without_pixels_is_one_sentence(refused, trained, tmp_path):
    (tmp_path / "test.csv").write_text("a,b\n1,2\n")
    assert "holds no rows of square images" in refused(f"predict {trained} test.csv")


def test_bad_files_are_no_fault_where_they_may_be_skipped(
    handgrad, refused, trained, pictures, tmp_path
):
    (tmp_path / "bad.png").write_text("no picture")
    code, out, err = handgrad(f"predict {trained} {pictures[0]} bad.png --skip-bad")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "bad.png cannot be read as" in err
    assert "bad.png cannot be read" in refused(f"predict {trained} bad.png --skip-bad")


def test_pictures_that_have_changed_since_the_training_are_named(handgrad, tmp_path):
    for name, shade in (("cat", 20), ("cow", 120), ("dog", 220)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            picture = Image.new("L", (8, 8), shade + number)
            picture.save(tmp_path / f"pets/{name}/{number}.png")
    words = "train softmax_regression --dataset pets --epochs 1 --engine plain -q"
    assert handgrad(f"{words} --run r").code == 0
    line = "predict r pets/cat/1.png"
    assert handgrad(line).err == ""
    shutil.rmtree(tmp_path / "pets" / "cow")
    code, _, err = handgrad(line)
    assert code == 0
    assert "has changed since training: the class cow (5 images) is gone" in err


@pytest.mark.parametrize("name", ["five.png", "other.png", "pixels.csv"])
def test_predictions_never_overwrite_images_or_inputs(
    handgrad, trained, tmp_path, name
):
    Image.new("L", (28, 28)).save(tmp_path / "five.png")
    (tmp_path / "pixels.csv").write_text("\n".join(["0," * 783 + "0"] * 2))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    target = tmp_path / name
    source = target if target.exists() else tmp_path / "five.png"
    code, _, err = handgrad(f"predict {trained} {source} --csv {target}")
    assert code == 2
    assert "Give another path, such as predictions.csv" in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_predictions_need_an_existing_folder(handgrad, trained, tmp_path):
    Image.new("L", (28, 28)).save(tmp_path / "five.png")
    target = tmp_path / "nowhere" / "answers.csv"
    code, _, err = handgrad(f"predict {trained} {tmp_path}/five.png --csv {target}")
    assert code == 2
    assert "its folder does not exist. Create the folder" in err


def test_all_pictures_of_a_call_share_a_white(handgrad, trained, tmp_path):
    for name, light in (("dark", 255), ("light", 4095)):
        pixels = np.full((28, 28), light, dtype=np.uint16)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    code, _, err = handgrad(f"predict {trained} dark.png light.png")
    assert code == 0
    assert err.count("is white") == 1
    assert "2 files: 16-bit images use 12 bits: 4,095 is white; in" in err


def test_unsure_predictions_are_marked(handgrad, refused, trained, pictures, tmp_path):
    words = f"predict {trained} {pictures[0]} {pictures[1]}"
    found = json.loads(handgrad(f"{words} --json").out)["predictions"]
    low, high = sorted(answer["probability"] for answer in found)
    limit = (low + high) / 2
    code, out, err = handgrad(f"{words} --unsure {limit} --csv found.csv")
    assert (code, err) == (0, "")
    marked = [" unsure " in f"{line} " for line in out.splitlines()[1:3]]
    assert marked == [answer["probability"] < limit for answer in found]
    assert out.splitlines()[-1].startswith("1 of 2 images unsure")
    rows = (tmp_path / "found.csv").read_text().splitlines()
    assert [row.rpartition(",")[2] for row in rows] == [
        "unsure",
        *(("no", "yes")[is_marked] for is_marked in marked),
    ]
    found = json.loads(handgrad(f"{words} --unsure {limit} --json").out)
    assert [answer["unsure"] for answer in found["predictions"]] == marked
    for wrong in ("0", "1.5", "nan", "-1"):
        assert "--unsure takes a probability" in refused(f"{words} --unsure {wrong}")
