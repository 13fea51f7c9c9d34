SHAPE = {"shape": [1, 28, 28], "classes": 10}


def test_a_network_is_described_and_written_as_code(client):
    rows = client.post("/api/network/lenet", json=SHAPE).json()["rows"]
    found = client.post("/api/network", json={"rows": rows, **SHAPE}).json()
    assert found["error"] is None
    assert found["parameters"] == 61706
    assert "conv2d(6, 5, padding=2)" in found["python"]
    wrong = client.post("/api/network", json={"rows": [{"name": "x"}], **SHAPE}).json()
    assert wrong["error"]["row"] == 0
    assert "python" not in wrong
    for bad in ({"shape": [1, 9999, 9]}, {"classes": 1}, {"rows": [{}] * 201}):
        assert client.post("/api/network", json={**SHAPE, **bad}).status_code == 422
    assert client.post("/api/network/x", json=SHAPE).status_code == 400


def test_settings_are_checked_and_queued(client, runs):
    tables = {"model": {"name": "mlp"}, "training": {"epochs": 3}}
    assert "epochs = 3" in client.post("/api/settings", json=tables).json()["toml"]
    wrong = client.post("/api/settings", json={"training": {"epoch": 3}}).json()
    assert "Did you mean 'epochs'" in wrong["message"]
    assert client.post("/api/train", json={"training": {"epoch": 3}}).status_code == 400
    assert client.post("/api/train", content=b"[1]").status_code == 422
    for number in (1, 2):
        assert (
            client.post("/api/train", json=tables).json()["id"]
            == f"mlp-digits-{number}"
        )
    assert [row["state"] for row in client.get("/api/queue").json()] == ["waiting"] * 2
    live = client.get("/api/runs/mlp-digits-2/live").json()
    assert live["state"] == "waiting"
    assert client.post("/api/queue/mlp-digits-1/remove").status_code == 200
    assert client.post("/api/queue/mlp-digits-1/remove").status_code == 404
    assert len(client.get("/api/queue").json()) == 1


def test_a_network_that_does_not_fit_is_refused_with_the_message_of_its_row(client):
    rows = [{"name": "relu"}, {"name": "linear"}]
    for layers, why in ((rows, "Layer 2: "), ([], "one layer")):
        tables = {"model": {"name": "from_layers", "layers": layers}}
        assert why in client.post("/api/settings", json=tables).json()["message"]
        wrong = client.post("/api/train", json=tables)
        assert (wrong.status_code, why in wrong.json()["error"]) == (400, True)
    assert client.get("/api/queue").json() == []


def test_the_catalogue_and_the_layers_of_a_run(client):
    found = client.get("/api/catalogue").json()
    assert found["datasets"]["digits"] == {"shape": [1, 28, 28], "classes": 10}
    assert "from_layers" not in found["models"]
    assert "gradients" in client.get("/api/health/tiny").json()
