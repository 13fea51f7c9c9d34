from handgrad.studies import library


def test_studies_are_listed_and_their_reports_shown_without_scripts(client, runs):
    rows = client.get("/api/studies").json()
    assert [row["name"] for row in rows] == library.names()
    name = rows[0]["name"]
    assert (rows[0]["has_report"], rows[0]["is_running"]) == (False, False)
    wrong = client.get(f"/api/studies/{name}/report")
    assert "Run a row" in wrong.json()["error"]
    folder = runs.parent / "studies" / name
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<script>1</script>")
    found = client.get(f"/api/studies/{name}/report")
    policy = found.headers["content-security-policy"]
    assert found.status_code == 200
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "sandbox" in policy
    assert client.get(f"/api/studies/{name}").json()["has_report"]


def test_an_unknown_study_or_row_is_refused(client):
    for path in ("none/stop", "none/rows/a1", "csci581-a/rows/none"):
        assert client.post(f"/api/studies/{path}").status_code == 404
    assert client.get("/api/studies/none/report").status_code == 404
    assert client.post("/api/studies/csci581-a/stop").status_code == 400
