from handgrad.web.state import State


def test_studies_are_looked_for_beside_the_runs(tmp_path):
    state = State(tmp_path / "runs")
    assert state.studies.folder == tmp_path / "studies"
    assert state.home.run_folders() == {}
    assert not (tmp_path / "runs").exists()  # until the server starts
