import pytest

from handgrad.studies.instruction_sets import as_sentences, instruction_sets

from .made_up import OUTCOME


def with_set(name, **others):
    environment = {**OUTCOME["environment"], "instruction_set": name}
    return {**OUTCOME, "environment": environment, **others}


def test_trials_with_results_are_counted_by_their_set():
    outcomes = [
        *(with_set(name) for name in ("avx512", "avx2", "avx512", None)),
        with_set("amx", status="crashed"),
        OUTCOME,  # of an older version
    ]
    assert instruction_sets(outcomes) == {"avx2": 1, "avx512": 2}


@pytest.mark.parametrize(
    ("wanted", "counts", "said"),
    [
        ("", {"avx2": 1, "avx512": 2}, ["1 with avx2, 2 with avx512", '"avx2"']),
        ("avx512", {"avx2": 1, "avx512": 2}, ["different", 'isa = "avx512"']),
        ("avx2", {"avx512": 2}, ["with avx512, not with the avx2 of HANDGRAD_ISA"]),
    ],
)
def test_several_sets_are_named(wanted, counts, said, monkeypatch):
    monkeypatch.setenv("HANDGRAD_ISA", wanted)
    (sentence,) = as_sentences(counts)
    for words in said:
        assert words in sentence


@pytest.mark.parametrize(
    ("wanted", "counts"), [("", {"avx2": 3}), ("avx2", {"avx2": 3}), ("avx2", {})]
)
def test_a_single_set_needs_no_sentence(wanted, counts, monkeypatch):
    monkeypatch.setenv("HANDGRAD_ISA", wanted)
    assert as_sentences(counts) == []
