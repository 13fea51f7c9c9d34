import tomllib
from dataclasses import replace

import pytest

from handgrad.auto.candidates import PHOTOGRAPHS, candidates_for
from handgrad.auto.explain import as_toml, lines
from handgrad.auto.facts import Facts
from handgrad.auto.plan import Plan, config_of, tables_of, with_length
from handgrad.auto.symmetry import Symmetry
from handgrad.auto.timing import Pace
from handgrad.engine import processor

FACTS = Facts(("cat", "dog\x1b"), (300, 2700), (3, 400, 300))


@pytest.fixture
def plan():
    pace = Pace(PHOTOGRAPHS[2], 1 / 500)
    given = {"": {"seed": 3}, "dataset": {"name": "pictures\n"}}
    tables = tables_of(FACTS, pace.candidate, given)
    tables = with_length(tables, FACTS, pace.image, 300)
    return Plan(tables, FACTS, pace, 6, 4.2, 290)


def test_five_lines_explain_the_plan(plan):
    data, network, training, augmentation, time = lines(plan)
    assert "3,000 colour images of about 400 x 300" in data
    assert data.endswith("2 classes of 300 to 2,700, imbalanced")
    assert (
        "airbench (channels 32-64-128, patch_size 2, patch_stride 2) on 64 x 64: 500"
        in network
    )
    assert "48 epochs of 2,700 images, 300 for validation, batch size 64" in training
    assert training.endswith(
        "muon at 0.006 (cosine), weight decay 0.4, label smoothing 0.1"
    )
    assert "random_flip" in augmentation
    assert "4 s measured, about 4.8 min of training within 6 min" in time
    assert "after 24 epochs" in time
    patient = tables_of(FACTS, plan.pace.candidate, {"training": {"early_stopping": 1}})
    patient["training"]["epochs"] = 9
    assert lines(replace(plan, tables=patient))[4].endswith(
        "1 epoch without a lower loss"
    )


def test_channels_of_each_convolution_are_told(plan):
    many = replace(FACTS, shape=(3, 32, 32), counts=(15_000, 15_000))
    candidate = candidates_for(many)[-1]
    tables = tables_of(many, candidate, {"training": {"epochs": 1}})
    told = lines(replace(plan, tables=tables, facts=many))
    assert "vgg (channels 32+64-64+128-128+256-256, pool_early True) on" in told[1]
    assert "27,500 images, 2,500 for validation, batch size 128" in told[2]


def test_the_reason_for_no_flip_is_given(plan):
    digits = replace(FACTS, class_names=("3", "7"))
    tables = tables_of(digits, plan.pace.candidate, {"training": {"epochs": 1}})
    augmentation = lines(replace(plan, tables=tables, facts=digits))[3]
    assert "ends sooner" not in lines(replace(plan, tables=tables))[4]
    assert augmentation.endswith("not mirrored: the classes are digits or letters")


@pytest.mark.parametrize(
    ("symmetry", "said"),
    [
        (
            Symmetry(900, 0.62, 0.604, keeps_mirrored=True),
            "mirrored, since a small network recognises 60% of mirrored images and "
            "62% of the others",
        ),
        (
            Symmetry(900, 0.62, 0.6, keeps_mirrored=True, keeps_turned=True),
            "mirrored and turned, since a small",
        ),
        (
            Symmetry(1900, 0.9, 0.6),
            "; mirrored, though a small network recognises 60% of mirrored images and "
            "90% of the others, 1,900 images: undecided",
        ),
        (None, "; mirrored without a check: there are too few images, or minutes"),
        (Symmetry(900, 0.9, 0.1, swapped=(1, 0)), "not mirrored: the mirror images of"),
    ],
)
def test_what_mirrored_images_show_is_said(plan, symmetry, said):
    facts = replace(FACTS, symmetry=symmetry)
    tables = tables_of(facts, plan.pace.candidate, {"training": {"epochs": 40}})
    assert said in lines(replace(plan, tables=tables, facts=facts))[3]


@pytest.mark.parametrize(
    ("candidate", "offered", "chosen", "engine", "is_told"),
    [
        (2, ("avx512", "amx", "amx-bf16"), "amx", "cpu", True),
        (1, ("avx512", "amx", "amx-bf16"), "amx", "cpu", False),  # 16 channels: few
        (2, ("avx512",), "avx512", "cpu", False),
        (2, ("avx512", "amx", "amx-bf16"), "amx-bf16", "cpu", False),
        (2, ("avx512", "amx", "amx-bf16"), "amx", "plain", False),
    ],
)
def test_rounded_products_are_named_where_they_are_faster(
    plan, monkeypatch, candidate, offered, chosen, engine, is_told
):
    monkeypatch.setattr(processor, "named", lambda: offered)
    monkeypatch.setattr(processor, "instruction_set", lambda: chosen)
    given = {"": {"engine": engine}, "training": {"epochs": 1}}
    tables = tables_of(FACTS, PHOTOGRAPHS[candidate], given)
    network = lines(replace(plan, tables=tables))[1]
    assert ("instruction set amx-bf16, with rounded products" in network) == is_told


def test_vectors_and_few_examples_are_told(plan):
    vectors = replace(FACTS, shape=(5,), counts=(3, 3), has_validation=True)
    tables = tables_of(vectors, plan.pace.candidate, {"training": {"epochs": 1}})
    told = lines(replace(plan, tables=tables, facts=vectors))
    assert "6 vectors of 5 features" in told[0]
    assert told[0].endswith("2 classes of 3")
    assert "validated on images of their own" in told[2]
    assert told[3] == "augmentation: none"


def test_the_file_is_the_same_configuration_with_comments(plan):
    text = as_toml(plan)
    assert config_of(tomllib.loads(text)) == plan.config
    assert text.count("\n# ") == 5
    assert text.startswith("# data: ")


def test_nothing_is_said_of_an_augmentation_that_was_given(plan):
    given = {"dataset": {"augmentation": [{"name": "random_flip"}]}}
    tables = tables_of(FACTS, plan.pace.candidate, {"training": {"epochs": 4}, **given})
    said = lines(replace(plan, tables=tables, is_augmentation_given=True))[3]
    assert said == "augmentation: random_flip"
