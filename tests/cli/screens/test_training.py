import pytest

from handgrad.training.run_folder import RunFolder


@pytest.mark.figures
def test_pictures_that_cannot_be_written_do_not_hide_the_result(handgrad, monkeypatch):
    real = RunFolder.create

    def with_a_file_in_the_way(path, config, **more):
        folder = real(path, config, **more)
        folder.figures.write_text("in the way")
        return folder

    monkeypatch.setattr(RunFolder, "create", with_a_file_in_the_way)
    code, out, err = handgrad(
        "train softmax_regression --engine plain --epochs 1 -q --run here"
    )
    assert code == 0
    assert "test accuracy" in out
    assert "curves.png cannot be written" in err
