import numpy as np

from .conftest import file_of


def test_a_picture_is_answered(client):
    found = client.post("/api/look/tiny/picture", content=file_of(np.eye(20) * 255))
    assert len(found.json()["scores"]) == 10
    wrong = client.post("/api/look/tiny/picture", content=b"<html>")
    assert (wrong.status_code, wrong.json()["error"][:10]) == (400, "This image")
    assert client.post("/api/look/none/picture", content=b"").status_code == 404


def test_each_view_is_answered(client):
    for view in ("confusion", "filters", "trace?image=2", "cell?true=1&predicted=1"):
        assert client.get(f"/api/look/tiny/{view}").status_code == 200
    found = client.get("/api/look/tiny/images").json()
    assert (found["split"], found["count"]) == ("test", 360)
    assert found["splits"] == ["test", "validation", "train"]
    hidden = client.get("/api/look/tiny/occlusion?image=2").json()
    assert hidden["heat"]["shape"] == [1, 8, 8]
    assert np.max(hidden["drops"]) <= hidden["probability"]
    entry = "gradient?layer=linear_1&parameter=bias&entry=3"
    assert client.get(f"/api/look/tiny/{entry}").json()["index"] == [3]
    for wrong in ("confusion?split=all", "gradient?layer=a&parameter=b&entry=0"):
        assert client.get(f"/api/look/tiny/{wrong}").status_code == 422
