from shutil import copytree


def test_the_table_one_run_and_its_epochs(client):
    (row,) = client.get("/api/runs").json()
    assert (row["id"], row["state"]) == ("tiny", "finished")
    assert client.get("/api/runs/tiny").json()["resolved"]["input_shape"] == [1, 8, 8]
    epochs = client.get("/api/runs/tiny/epochs").json()
    assert [one["epoch"] for one in epochs] == [1, 2]


def test_the_log_comes_in_parts(client):
    found = client.get("/api/runs/tiny/live").json()
    assert found["state"] == "finished"
    assert len(found["epochs"]["rows"]) == 2
    after = found["epochs"]["after"]
    again = client.get(f"/api/runs/tiny/live?metrics={after}").json()
    assert again["epochs"] == {"rows": [], "after": after}
    assert client.get("/api/runs/tiny/live?metrics=-1").status_code == 422


def test_two_runs_are_compared(client, runs):
    copytree(runs / "tiny", runs / "other")
    config = runs / "other" / "config.toml"
    before = config.read_text()
    config.write_text(before.replace("epochs = 2", "epochs = 3"))
    found = client.get("/api/runs/tiny/difference/other").json()
    assert found == {"training.epochs": [2, 3]}
    config.write_text(before)
    flipped = client.get("/api/runs/tiny/flipped/other").json()
    assert (flipped["counts"], flipped["gained"]) == ([0, 0], [])


def test_files_are_taken_away(client):
    found = client.get("/api/runs/tiny/download/csv")
    assert found.headers["content-disposition"] == 'attachment; filename="tiny.csv"'
    assert found.text.startswith("epoch")
    assert client.get("/api/runs/tiny/download/pickle").status_code == 404


def test_a_run_that_does_not_train_cannot_be_paused(client):
    for action in ("pause", "stop"):
        found = client.post(f"/api/runs/tiny/{action}")
        assert found.status_code == 400
        assert "is not training now" in found.json()["error"]
    assert client.post("/api/runs/tiny/erase").status_code == 404
    assert client.post("/api/runs/none/pause").status_code == 404


def test_runs_show_the_name_of_their_data_and_not_its_path(client, runs):
    handle = client.post("/api/data?name=My birds").json()["id"]
    copytree(runs / "tiny", runs / "other")
    config = runs / "other" / "config.toml"
    path = f"{runs}/.page/data/{handle}"
    config.write_text(config.read_text().replace('"digits"', f'"{path}"'))
    found = {row["id"]: row["settings"] for row in client.get("/api/runs").json()}
    assert found["other"]["dataset.name"] == "My birds"
    assert found["tiny"]["dataset.name"] == "digits"
    change = client.get("/api/runs/tiny/difference/other").json()
    assert change == {"dataset.name": ["digits", "My birds"]}
