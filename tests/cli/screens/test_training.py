import os
import signal

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


def test_a_signal_before_the_first_step_names_how_to_begin(handgrad, monkeypatch):
    """Engines are prepared within the first step, which may take a minute."""
    from handgrad.engine.plain import PlainEngine

    def interrupted(engine, *args, **kwargs):
        os.kill(os.getpid(), signal.SIGTERM)

    words = "train softmax_regression --engine plain --epochs 1 -q --run here"
    with monkeypatch.context() as during:
        during.setattr(PlainEngine, "train_step", interrupted)
        code, out, err = handgrad(words)
    assert (code, out) == (143, "")
    advice = "handgrad train --resume here"
    assert err == f"Stopped. Nothing is lost; to begin: {advice}\n"
    assert handgrad(f"{advice.partition(' ')[2]} -q").code == 0


@pytest.mark.parametrize(("begun", "is_advised"), [(0, False), (3, True)])
def test_a_smaller_learning_rate_is_advised_after_an_update_only(
    handgrad, monkeypatch, begun, is_advised
):
    from handgrad.engine.plain import PlainEngine

    real = PlainEngine.train_step

    def spoilt(engine, batch, step):
        if step == begun + 1:
            engine.model.parameters()["linear_1.bias"].value[0] = float("nan")
        return real(engine, batch, step)

    monkeypatch.setattr(PlainEngine, "train_step", spoilt)
    words = "train softmax_regression --engine plain --epochs 1 --run here"
    code, _, err = handgrad(words)
    assert code == 4
    assert f"Step {begun + 1} gave numbers that are not finite" in err
    assert ("use a smaller learning rate" in err) == is_advised
