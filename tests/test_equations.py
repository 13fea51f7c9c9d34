"""Equations that someone has changed run as they are written, in both engines."""

import importlib.machinery
import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

from handgrad import Classifier, augmentation, datasets, equations, layers
from handgrad import losses as losses_
from handgrad import optimizers as optimizers_
from handgrad.augmentation import RandomFlip
from handgrad.augmentation.source_coordinates import is_movable
from handgrad.engine import network_layers
from handgrad.equations import hashes_of, is_rewritten
from handgrad.errors import ConfigError, HandgradWarning
from handgrad.layers import GELU, Linear, ReLU
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam

SCRIPT = Path(__file__).parents[1] / "scripts" / "equations"
KINDS = [
    kind
    for module in (layers, losses_, optimizers_, augmentation)
    for kind in (getattr(module, name) for name in module.__all__)
    if isinstance(kind, type) and not getattr(kind, "_is_protocol", False)
]
DIGITS = datasets.load("digits")
IMAGES, LABELS = DIGITS.train.images[:200], DIGITS.train.targets[:200]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """No class was named before, and none is afterwards."""
    monkeypatch.setattr(network_layers, "SAID", set())
    equations.was_edited.cache_clear()
    yield
    equations.was_edited.cache_clear()


def fitted(engine, **settings):
    """A small network, trained by an engine; it warns of changes only once."""
    settings = {"optimizer": "sgd", "learning_rate": 0.1, "random_state": 0} | settings
    options = {"hidden_sizes": [8]}
    made = Classifier(
        "mlp", model_options=options, epochs=2, batch_size=50, engine=engine, **settings
    )
    return made.fit(IMAGES, LABELS)


def test_the_hashes_are_those_of_the_modules():
    loader = importlib.machinery.SourceFileLoader("script", str(SCRIPT))
    script = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("script", loader)
    )
    loader.exec_module(script)
    written = equations.RECORD.read_text()
    assert written == script.recorded(), "run scripts/equations"
    assert '"handgrad.layers.relu"' in written


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_rewritten(kind):
    assert not is_rewritten(kind)


def test_all_kernels_are_used_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", HandgradWarning)
        fitted("cpu", augment=["random_flip"])


CODE = '''"""Module."""
# comment
def twice(x):
    """Double."""

    return 2 * x  # twice
'''


def test_words_do_not_count_but_code_does():
    whole, code = hashes_of(CODE)
    said = CODE.replace("Double.", "Twice as much,\n\n    in words.")
    said = said.replace("# comment\n", "").replace("  # twice", "")
    assert hashes_of(said)[1] == code
    assert hashes_of(said)[0] != whole
    for other in ("3 * x", "2 * -x", "2 * x + 1"):
        assert hashes_of(CODE.replace("2 * x", other))[1] != code
    deeper = CODE.replace("    return", "    if x:\n        return")
    assert hashes_of(deeper)[1] != code


def test_a_module_that_was_edited_and_all_that_use_it(monkeypatch):
    known = dict(equations._recorded())
    known["handgrad.layers.relu"] = ["0" * 16, "0" * 16]
    monkeypatch.setattr(equations, "_recorded", lambda: known)
    assert is_rewritten(ReLU)
    assert not is_rewritten(Linear)
    known["handgrad.layers.layer"] = ["0" * 16, "0" * 16]  # the base of all
    assert is_rewritten(Linear)
    assert not is_rewritten(SoftmaxCrossEntropy)


def test_an_edited_text_that_is_no_python_counts_as_changed(tmp_path):
    place = tmp_path / "layer.py"
    place.write_text(CODE)
    assert not equations._differs(str(place), hashes_of(CODE), 1, 1)
    assert not equations._differs(str(place), ("x", hashes_of(CODE)[1]), 2, 1)
    place.write_text("def forward(:")
    assert equations._differs(str(place), hashes_of(CODE), 3, 1)


def nothing(self, inputs, *, training=False, key=None):
    return np.zeros_like(inputs), inputs


def test_a_replaced_equation_runs_in_both_engines_and_is_named_once(monkeypatch):
    released = fitted("cpu").predict_proba(IMAGES)
    monkeypatch.setattr(ReLU, "forward", nothing)
    with pytest.warns(HandgradWarning, match="ReLU is not as it was released") as said:
        changed = [fitted(engine).predict_proba(IMAGES) for engine in ("cpu", "plain")]
    assert len(said) == 1
    np.testing.assert_allclose(*changed, atol=1e-5)
    assert abs(changed[0] - released).max() > 0.1
    assert np.ptp(changed[0], axis=0).max() < 1e-6  # all that is left is a bias


def weights(classifier):
    return classifier.network_.parameters()["linear_1.weight"].value


def test_a_replaced_optimizer_and_loss_run_in_both_engines(monkeypatch):
    def doubled(self, parameter, gradient, state, step):
        parameter.value = parameter.value - 2 * self.rate(step) * gradient

    expected = fitted("cpu", learning_rate=0.2).predict_proba(IMAGES)
    monkeypatch.setattr(SGD, "update", doubled)
    with pytest.warns(HandgradWarning, match="SGD is not as it was released"):
        found = fitted("cpu").predict_proba(IMAGES)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not is_rewritten(Adam)
    original = SoftmaxCrossEntropy.backward
    monkeypatch.setattr(SoftmaxCrossEntropy, "backward", lambda *x: 0 * original(*x))
    with pytest.warns(HandgradWarning, match="SoftmaxCrossEntropy is not as it was"):
        fixed = fitted("cpu").network_.parameters()["linear_1.weight"].value
    assert np.array_equal(
        fixed, fitted("plain").network_.parameters()["linear_1.weight"].value
    )


def test_a_replaced_augmentation_is_applied(monkeypatch):
    assert is_movable(RandomFlip())
    monkeypatch.setattr(RandomFlip, "apply", lambda self, images, key: 0 * images)
    assert not is_movable(RandomFlip())


def test_changed_layers_are_not_exported_as_the_original(monkeypatch, tmp_path):
    clf = fitted("cpu")
    monkeypatch.setattr(ReLU, "forward", nothing)
    exports = ((clf.to_onnx, "x.onnx"), (clf.to_c, "x.c"), (clf.to_python, "x.py"))
    for export, name in exports:
        with pytest.raises(ConfigError, match="whose equations were changed"):
            export(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_layers_that_use_no_changed_one_keep_their_kernels(monkeypatch):
    monkeypatch.setattr(ReLU, "forward", nothing)
    assert is_rewritten(ReLU)
    assert not is_rewritten(GELU)
    assert not is_rewritten(Linear)
