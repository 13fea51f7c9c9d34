import numpy as np
import pytest

from handgrad.datasets.sources import SOURCES

from .conftest import file_of, zip_of


def test_the_catalogue_is_listed_and_a_data_set_shown(client, monkeypatch):
    found = client.get("/api/data").json()
    assert [row["id"] for row in found["known"]] == list(SOURCES)
    digits = client.get("/api/data/digits").json()
    assert (sum(digits["counts"]), digits["test"]) == (1437, 360)
    assert len(digits["samples"]) == 10
    monkeypatch.setattr("handgrad.datasets.local_copies.find", lambda *_: None)
    wrong = client.get("/api/data/mnist")
    assert "handgrad data fetch mnist" in wrong.json()["error"]


def test_a_data_set_is_drawn(client):
    handle = client.post("/api/data?name=Mine").json()["id"]
    for number in range(4):
        for label in ("a", "<b>"):
            content = file_of(np.full((9, 9), 40 * number))
            path = f"/api/data/{handle}/pictures"
            found = client.post(path, params={"label": label}, content=content)
            assert found.json() == {"count": number + 1}
    shown = client.get(f"/api/data/{handle}").json()
    assert (shown["name"], sorted(shown["classes"])) == ("Mine", ["<b>", "a"])
    wrong = client.post(f"/api/data/{handle}/pictures?label=a", content=b"x")
    assert wrong.status_code == 400
    client.post(f"/api/data/{handle}/pictures/remove?label=a")
    assert client.get("/api/data").json()["own"][0]["counts"] == {"a": 3, "<b>": 4}
    client.post(f"/api/data/{handle}/remove")
    assert client.get("/api/data").json()["own"] == []
    assert client.get(f"/api/data/{handle}").status_code == 404


CLASSES = [f"{label}/{number}.png" for label in "ab" for number in range(6)]
BAD = {
    "not a zip": (b"just text", "Birds.zip cannot be read as a zip"),
    "broken": (zip_of(9, CLASSES)[:300], "Birds.zip cannot be read as a zip"),
    "empty": (zip_of(9, []), "Birds.zip"),
    "flat": (zip_of(9, ["1.png", "2.png"]), "is not in a class folder"),
    "one class": (zip_of(9, ["a/1.png", "a/2.png"]), "images of one class only (a)"),
    "no readable image of a class": (
        zip_of(9, CLASSES, **{"c/1.png": b"x"}),
        "No training image of c can be read",
    ),
    "an empty class": (zip_of(9, CLASSES, **{"c/": b""}), "no images in c"),
}


def test_a_zip_becomes_a_data_set(client):
    path = "/api/data/zip?name=Zip"
    handle = client.post(path, content=zip_of(9, CLASSES)).json()["id"]
    assert client.get(f"/api/data/{handle}").json()["classes"] == ["a", "b"]


@pytest.mark.parametrize(("content", "why"), BAD.values(), ids=BAD)
def test_a_zip_that_cannot_be_used_is_refused_and_not_kept(client, content, why):
    found = client.post("/api/data/zip?name=Birds", content=content)
    assert found.status_code == 400
    assert why in found.json()["error"]
    for inner in ("pictures.zip", "/", "skip_bad", "--"):
        assert inner not in found.json()["error"].replace("c/1.png", "")
    assert client.get("/api/data").json()["own"] == []


@pytest.mark.filterwarnings("ignore::handgrad.errors.HandgradWarning")
def test_images_that_cannot_be_read_are_skipped_in_the_view_and_in_training(client):
    content = zip_of(9, CLASSES, **{"a/broken.png": b"no image"})
    handle = client.post("/api/data/zip?name=Birds", content=content).json()["id"]
    shown = client.get(f"/api/data/{handle}").json()
    (why,) = shown["skipped"]
    assert why.startswith("Birds: a/broken.png")
    tables = {"dataset": {"name": handle}, "model": {"name": "mlp"}}
    assert "skip_bad = true" in client.post("/api/settings", json=tables).json()["toml"]
    assert client.post("/api/train", json=tables).json()["id"] == "mlp-birds-1"
