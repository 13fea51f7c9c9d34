from io import BytesIO
from zipfile import ZipFile

import numpy as np

from handgrad.datasets.sources import SOURCES

from .conftest import file_of


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


def test_a_zip_becomes_a_data_set_or_a_sentence(client):
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for label in "ab":
            for number in range(6):
                content = file_of(np.full((9, 9), 30 * number))
                archive.writestr(f"{label}/{number}.png", content)
    path = "/api/data/zip?name=Zip"
    handle = client.post(path, content=out.getvalue()).json()["id"]
    assert client.get(f"/api/data/{handle}").json()["classes"] == ["a", "b"]
    bad = client.post(path, content=b"no zip").json()["id"]
    wrong = client.get(f"/api/data/{bad}")
    assert wrong.status_code == 400
