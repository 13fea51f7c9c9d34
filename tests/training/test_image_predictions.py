from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import DatasetError
from handgrad.training import image_predictions
from handgrad.training.image_predictions import (
    answer_of_content,
    answers_of,
    image_paths,
)


def network():
    """A network whose score is the mean brightness, of images as bright as 0.2."""
    return SimpleNamespace(
        config=SimpleNamespace(
            resolved=SimpleNamespace(brightness=0.2, bit_depth=None, input_dtype=None),
            fit="crop",
        ),
        input_shape=(1, 4, 4),
        scores=lambda images: images.mean(axis=(1, 2, 3))[:, None],
    )


def image(path, value):
    Image.fromarray(np.full((4, 4), value, np.uint8)).save(path)
    return path


def test_files_stay_in_their_order_and_folders_are_searched(tmp_path):
    (tmp_path / "more" / "below").mkdir(parents=True)
    first = image(tmp_path / "z.png", 0)
    second = image(tmp_path / "more" / "below" / "a.png", 0)
    (tmp_path / "more" / "notes.txt").write_text("no image")
    files, skipped = image_paths([first, tmp_path / "more"])
    assert files == [first, second]
    assert sum(skipped.values()) == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="contains no images"):
        image_paths([tmp_path / "empty"])


def test_what_cannot_be_read_is_returned_beside_the_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(image_predictions, "BATCH", 2)
    good = [image(tmp_path / f"{value}.png", value) for value in (10, 20, 30)]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not an image")
    packed = tmp_path / "images.zip"
    packed.write_bytes(b"")
    answers, bad = answers_of(network(), [*good, broken, packed], 8)
    assert [(a.path, float(a.scores[0])) for a in answers] == [
        (path, value) for path, value in zip(good, (10, 20, 30), strict=True)
    ]
    assert str(broken) in bad[0]
    assert bad[1].endswith("Unpack it and give the folder.")


@pytest.mark.parametrize(
    ("invert", "dark", "bright"), [("no", 20, 240), ("auto", 20, 15), ("yes", 235, 15)]
)
def test_light_and_dark_are_swapped_if_asked(tmp_path, invert, dark, bright):
    paths = [image(tmp_path / "a.png", 20), image(tmp_path / "b.png", 240)]
    answers, _ = answers_of(network(), paths, 8, invert)
    assert [float(answer.scores[0]) for answer in answers] == [dark, bright]
    assert [answer.seems_inverted for answer in answers] == [False, True]


def test_the_rows_of_a_table_are_counted_from_one(tmp_path):
    table = tmp_path / "rows.csv"
    rows = [[0, *[value] * 16] for value in (5, 7)]
    table.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    answers, bad = answers_of(network(), [table], 8)
    assert bad == []
    assert [a.path.name for a in answers] == ["rows.csv:1", "rows.csv:2"]


def content_of(path):
    return image(path, 240).read_bytes()


def test_an_image_from_elsewhere_is_answered_as_a_file_is(tmp_path):
    answer, pixels = answer_of_content(network(), content_of(tmp_path / "a.png"))
    assert answer.seems_inverted
    assert (pixels == 15).all()
    assert pixels.shape == (1, 4, 4)
    (same,), _ = answers_of(network(), [tmp_path / "a.png"], 8, "auto")
    assert same.scores == answer.scores


def test_a_network_of_vectors_takes_no_pictures(tmp_path):
    vectors = network()
    vectors.input_shape = (16,)
    with pytest.raises(DatasetError, match="takes vectors"):
        answer_of_content(vectors, content_of(tmp_path / "a.png"))
    for shape, kind in (((5, 4, 4), None), ((1, 4, 4), "float32")):
        other = network()
        other.input_shape, other.config.resolved.input_dtype = shape, kind
        with pytest.raises(DatasetError, match="other numbers than image files hold"):
            answer_of_content(other, content_of(tmp_path / "a.png"))
    with pytest.raises(DatasetError, match="none of PNG"):
        answer_of_content(network(), b"text")


@pytest.mark.parametrize(
    ("shape", "takes"),
    [((6,), "vectors of 6 features"), ((1, 2, 3), "images of 2 x 3 pixels")],
)
def test_a_table_for_another_network_is_read_in_python(tmp_path, shape, takes):
    path = tmp_path / "a.csv"
    path.write_text("1,2,3,4,5,6\n6,5,4,3,2,1\n")
    taker = SimpleNamespace(input_shape=shape, config=network().config)
    answers, (said,) = answers_of(taker, [path], 8)
    assert answers == []
    assert f"this network takes {takes}. Read the table in Python" in said
