from pathlib import Path

import pytest

from handgrad.errors import ConfigError
from handgrad.studies.experiment import SIZES
from handgrad.studies.library import find, matching, names

from .small import write

ROWS = {
    "csci581-a": "a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12",
    "csci581-e": "e1 e2 e3 e4 e5 e6 e7 e8 e9",
    "cmsc426": "b1 b2 b3 b4 b5 b6 b7 b8",
    "cs776": "c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12",
    "blg506e": "d1 d2 d3 d4 d5 d5-rules d6 d7",
    "recipes": "r1 r2 r3",
}


@pytest.mark.parametrize("name", ROWS)
def test_the_package_has_the_rows_of_the_reports(name):
    study = find(name)
    assert set(ROWS[name].split()) <= set(study.experiments)
    for size in SIZES:
        assert study.cells(size)  # every name in every file is checked
    for experiment in study.experiments.values():
        assert any("quick" in finding.sizes for finding in experiment.findings)


def test_all_studies_are_listed():
    assert set(ROWS) <= set(names())


def test_findings_of_the_quick_size_use_only_its_variants():
    for name in names():
        for row, experiment in find(name).experiments.items():
            for size in SIZES:
                here = {variant.name for variant in experiment.variants_of(size)}
                for finding in experiment.findings:
                    if size in finding.sizes:
                        assert set(finding.claim.variants) - {""} <= here, (row, size)


def test_epochs_in_findings_are_trained():
    for name in names():
        for row, experiment in find(name).experiments.items():
            for size in SIZES:
                least = min(c.trial.epochs for c in find(name).only([row]).cells(size))
                for finding in experiment.findings:
                    if size in finding.sizes:
                        terms = finding.claim.terms
                        assert max(t.epoch or 0 for t in terms) <= least, (row, size)


def test_trials_are_found_by_words_of_their_names():
    cells = find("cs776").only(["c10", "c11"]).cells("full")
    assert matching(cells, []) == cells
    found = matching(cells, ["filters of AlexNet", "seed 0"])
    assert [str(cell) for cell in found] == [
        f"c11 filters of AlexNet, {pooling} pooling, seed 0"
        for pooling in ("max", "average", "global average")
    ]
    assert len(matching(cells, ["c10"])) == 1
    for words in (["c1"], ["AlexNe"], ["seed 0", "c9"]):  # whole words, all of them
        with pytest.raises(ConfigError, match=r"like 'c10, seed 0' and 'c11 "):
            matching(cells, words)


def test_a_folder_or_a_file_anywhere_is_a_study(tmp_path):
    folder = write(tmp_path / "mine", "r10")
    write(folder, "r9")
    (folder / "study.toml").write_text('title = "Mine"')
    study = find(str(folder))
    assert (study.name, study.about.title) == ("mine", "Mine")
    assert list(study.experiments) == ["r9", "r10"]  # in natural order
    assert list(study.only(["r10"]).experiments) == ["r10"]
    assert list(find(str(folder / "r9.toml")).experiments) == ["r9"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("csci581a", "Did you mean 'csci581-a'?"),
        ("no/such/folder", "no/such/folder is not a study."),
        ("none.toml", "none.toml is not a study."),
    ],
)
def test_an_unknown_study_is_refused(name, sentence):
    with pytest.raises(ConfigError) as caught:
        find(name)
    assert sentence in str(caught.value)


def test_an_empty_folder_and_an_unknown_row_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="contains no experiments"):
        find(str(tmp_path))
    with pytest.raises(ConfigError, match="Did you mean 'a9'"):
        find("csci581-a").only(["a99"])
    with pytest.raises(ConfigError, match="csci581-a needs at least one row, got none"):
        find("csci581-a").only([])
    (tmp_path / "study.toml").write_text('titel = "x"')
    with pytest.raises(ConfigError, match="Did you mean 'title'"):
        find(str(tmp_path))


def test_the_folder_of_data_sets_is_that_of_all_experiments(tmp_path):
    write(tmp_path / "rows")
    assert find(str(tmp_path / "rows")).data_dir is None
    first = tmp_path / "rows" / "r1.toml"
    text = first.read_text().replace("[dataset]", '[dataset]\ndata_dir = "here"')
    first.write_text(text)
    assert find(str(tmp_path / "rows")).data_dir == Path("here")
    (tmp_path / "rows" / "r2.toml").write_text(text.replace('"here"', '"there"'))
    said = r"is here, and r2, which names there\. Give .* or give --data-dir\."
    with pytest.raises(ConfigError, match=said):
        _ = find(str(tmp_path / "rows")).data_dir
