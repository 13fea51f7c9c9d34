import json
import shutil

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import load


def test_the_table_counts_every_class_and_names_confusions(handgrad, trained):
    code, out, err = handgrad(f"evaluate {trained}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("test: ")
    assert "of 360 correct" in lines[0]
    assert [line.split()[0] for line in lines[2:12]] == list("0123456789")
    assert "macro average" in lines[12]
    assert "predicted as" in lines[-1]


def test_it_finds_the_accuracy_that_training_found(handgrad, trained):
    found = json.loads(handgrad(f"evaluate {trained} --json").out)
    result = json.loads((trained / "result.json").read_text())
    assert found["accuracy"] == pytest.approx(result["test_accuracy"])
    assert found["loss"] == pytest.approx(result["test_loss"], rel=1e-5)
    assert np.sum(found["confusion"]) == found["images"] == 360
    assert sum(row["mistakes"] for row in found["classes"]) == round(
        360 * (1 - found["accuracy"])
    )


def test_the_parts_are_cut_as_in_training(handgrad, trained):
    result = json.loads((trained / "result.json").read_text())
    found = json.loads(handgrad(f"evaluate {trained} --split validation --json").out)
    assert found["accuracy"] == pytest.approx(result["validation_accuracy"])
    found = json.loads(handgrad(f"evaluate {trained} --split train --json --last").out)
    assert (found["split"], found["images"]) == ("train", 1293)


def test_quiet_is_one_line(handgrad, trained):
    assert handgrad(f"evaluate {trained} -q").out.count("\n") == 1


def test_mistakes_are_sentences(refused, trained):
    assert "nowhere does not exist" in refused("evaluate nowhere")
    assert "Did you mean 'test'" in refused(f"evaluate {trained} --split tset")


def test_images_of_other_classes_are_refused(refused, trained, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("L", (9, 9)).save(tmp_path / "pets" / name / "1.png")
        Image.new("L", (9, 9), 50).save(tmp_path / "pets" / name / "2.png")
    assert "named after a class of the network" in refused(
        f"evaluate {trained} --dataset {tmp_path}/pets -q"
    )


def test_one_class_alone_is_scored_whole_and_the_others_are_named(
    handgrad, trained, tmp_path
):
    (tmp_path / "new" / "7").mkdir(parents=True)
    for number in range(6):
        picture = Image.new("RGB", (9, 9), (40 * number, 0, 0))
        picture.save(tmp_path / "new" / "7" / f"{number}.png")
    out = handgrad(f"evaluate {trained} --dataset {tmp_path}/new -q").out
    assert "of 6 correct" in out
    assert "no images of: 0, 1, 2, 3, 4, 5, 6, 8, 9" in out


def trained_on_pets(handgrad, folder):
    """Ten images of each of two classes, and a run trained on them."""
    pets, run = folder / "pets", folder / "run"
    for name, tone in (("cat", 0), ("dog", 200)):
        (pets / name).mkdir(parents=True)
        for number in range(10):
            picture = Image.new("L", (8, 8), tone + number)
            picture.save(pets / name / f"{number}.png")
    train = f"train softmax_regression --dataset {pets} --epochs 1 --run {run} -q"
    assert handgrad(train).code == 0
    return pets, run


def test_a_picture_more_ends_every_evaluation(handgrad, refused, tmp_path):
    pets, run = trained_on_pets(handgrad, tmp_path)
    own = handgrad(f"evaluate {run} -q").out
    copy = shutil.copytree(pets, tmp_path / "copy")
    of_copy = handgrad(f"evaluate {run} --dataset {copy} --split test -q").out
    assert own.startswith("test: ")
    assert of_copy == own.replace("test: ", f"{copy} test: ")
    Image.new("L", (8, 8), 255).save(pets / "dog/more.png")
    for part in ("", " --split validation", f" --dataset {pets}"):
        assert "has changed since training" in refused(f"evaluate {run}{part} -q")
    assert "has changed since training" in refused(f"inspect mistakes {run}")


def test_a_damaged_checkpoint_is_named(handgrad, trained, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    (state,) = copy.glob("checkpoints/*/state.safetensors")
    content = bytearray(state.read_bytes())
    content[-1] ^= 1
    state.write_bytes(content)
    code, out, err = handgrad(f"evaluate {copy}")
    assert (code, out) == (2, "")
    assert "state.safetensors is damaged" in err
    assert err.count("\n") == 1


def test_data_of_other_formats_is_scored_whole(handgrad, refused, trained, tmp_path):
    test = load("digits", image_size=(28, 28)).test
    np.savez(tmp_path / "a.npz", x_test=test.images[:, 0], y_test=test.targets)
    found = json.loads(handgrad(f"evaluate {trained} --dataset a.npz --json -q").out)
    expected = json.loads(handgrad(f"evaluate {trained} --json").out)
    assert found["confusion"] == expected["confusion"]
    threes = test.images[test.targets == 3, 0]
    np.savez(tmp_path / "b.npz", x=threes, y=np.full(len(threes), 3))
    out = handgrad(f"evaluate {trained} --dataset b.npz -q").out
    assert f"of {len(threes)} correct" in out
    np.savez(tmp_path / "c.npz", x=threes, y=np.full(len(threes), 77))
    assert "has classes that the" in refused(f"evaluate {trained} --dataset c.npz -q")


def test_a_run_keeps_where_its_classes_are(handgrad, tmp_path):
    folder = tmp_path / "pets"
    folder.mkdir()
    for n in range(40):
        picture = Image.new("L", (8, 8), 200 * (n % 2) + n)
        picture.save(folder / f"{('cat', 'dog')[n % 2]}.{n}.png")
    line = "train softmax_regression --dataset pets --label-from name --epochs 2 -q"
    assert handgrad(f"{line} --run first").code == 0
    assert 'label_from = "name"' in (tmp_path / "first" / "config.toml").read_text()
    assert "of 8 correct" in handgrad("evaluate first -q").out
    for name, kind in (("new", "cat"), ("other", "dog")):
        (tmp_path / name / kind).mkdir(parents=True)
        picture.save(tmp_path / name / kind / "x.png")
    words = "--dataset new --label-from folder -q"
    assert "of 1 correct" in handgrad(f"evaluate first {words}").out


def test_training_images_at_another_path_are_said_once(handgrad, tmp_path):
    pets, run = trained_on_pets(handgrad, tmp_path)
    shutil.move(pets, tmp_path / "moved")
    for command in ("evaluate", "calibrate"):
        code, out, err = handgrad(f"{command} {run} --dataset {tmp_path}/moved -q")
        assert (code, err.count("\n")) == (0, 1)
        assert err.startswith(f"16 of 20 images are training images of {run} ")
        assert "training images" not in out
