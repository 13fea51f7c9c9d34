from dataclasses import replace

import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.datasets import Split
from handgrad.inspection.evaluation import EvaluationReport
from handgrad.metrics import Evaluation, evaluate

TARGETS = np.array([0, 0, 0, 1, 1, 2])
ANSWERS = np.eye(3)[[0, 0, 1, 1, 1, 0]]


@pytest.fixture
def report():
    found = evaluate(ANSWERS, TARGETS, 0.25)
    return EvaluationReport(found, ("cat", "<b>dog</b>", "$hen$"), "test")


def test_scores_are_attributes(report):
    assert report.accuracy == 4 / 6
    assert report.loss == 0.25
    assert report.confusion.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    cat, dog, hen = report.per_class
    assert (cat.name, cat.images, cat.mistakes) == ("cat", 3, 1)
    assert (cat.precision, cat.recall) == (2 / 3, 2 / 3)
    assert dog.f1 == pytest.approx(0.8)
    assert (hen.precision, hen.recall, hen.f1) == (0, 0, 0)
    assert report.most_confused[0] == ("cat", "<b>dog</b>", 1)


def test_it_displays_itself(report):
    said = str(report)
    assert said.startswith("test: 4 of 6 correct, accuracy 66.67%, loss 0.2500")
    assert "$hen$ predicted as cat: 1 time" in said
    shown = report._repr_html_()
    assert "&lt;b&gt;dog&lt;/b&gt;" in shown
    assert "<b>dog" not in shown
    assert "data:image/png;base64," in shown
    assert report.figure().axes


def test_the_loss_is_said_to_be_smoothed_if_it_is(report):
    assert "smoothing" not in str(report)
    smoothed = replace(report, label_smoothing=0.3).summary()
    assert smoothed.endswith("loss 0.2500 (label smoothing 0.3)")


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_the_label_smoothing_is_that_of_the_network(smoothing):
    images = np.zeros((4, 1, 8, 8), np.uint8)
    targets = np.array([0, 1, 0, 1])
    classifier = Classifier("mlp", epochs=1, label_smoothing=smoothing, engine="plain")
    network = classifier.fit(images, targets).trained_
    found = EvaluationReport.of(network, Split(images, targets))
    assert found.label_smoothing == smoothing


def test_as_dict_has_all_values(report):
    values = report.as_dict()
    assert values["images"] == 6
    assert values["classes"][0]["name"] == "cat"
    assert values["confusion"] == report.confusion.tolist()
    assert values["macro_f1"] == pytest.approx(report.evaluation.macro_f1)


def test_a_report_without_mistakes_lists_no_confusions():
    found = evaluate(np.eye(2), np.array([0, 1]), 0.0)
    assert "confusions" not in str(EvaluationReport(found, ("a", "b")))


def test_a_class_without_images_and_predictions_has_no_scores():
    probabilities = np.hstack([ANSWERS, np.zeros((6, 1))])
    found = evaluate(probabilities, TARGETS, 0.25)
    report = EvaluationReport(found, ("cat", "dog", "hen", "fox"))
    said = str(report)
    fox, average = (line.split() for line in said.splitlines()[-6:-4])
    assert fox == ["fox", "0", "0", "-", "-", "-"]
    assert float(average[-2]) == pytest.approx(found.recall[:3].mean(), abs=5e-4)
    *_, hen, nobody = report.as_dict()["classes"]
    assert (hen["precision"], hen["recall"], hen["f1"]) == (0, 0, 0)
    assert (nobody["precision"], nobody["recall"], nobody["f1"]) == (None, None, None)


def test_the_matrix_is_not_read_again_for_each_class(monkeypatch):
    found, reads = evaluate(np.eye(50), np.arange(50), 0.0), []
    mistakes = Evaluation.mistakes_per_class.fget
    monkeypatch.setattr(
        Evaluation,
        "mistakes_per_class",
        property(lambda found: reads.append(1) or mistakes(found)),
    )
    EvaluationReport(found, tuple(map(str, range(50)))).table()
    assert 0 < len(reads) < 5
