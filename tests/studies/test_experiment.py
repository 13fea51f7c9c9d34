import re

import pytest

from handgrad.errors import ConfigError
from handgrad.studies.experiment import all_variants, read_experiment

ONE = """
question = "?"
[[variants]]
name = "max"
[[variants]]
name = "average"
"""
MANY = "".join(f"'model.a{i}' = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n" for i in range(12))
FINDING = '[[findings]]\nsays = "so"\nholds = "{}"\n'
PUBLISHED = '[[published]]\nname = "n"\nvalue = 1.0\nepsilon = 0.1\nsource = "s"\n'


def read(tmp_path, text):
    path = tmp_path / "e.toml"
    path.write_text(text)
    return read_experiment(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('question = "?"\nseed = [1]', "Did you mean 'seeds'?"),
        ('question = "?"\nseeds = []', "seeds takes at least 1 value"),
        ('question = "?"\nseeds = [1, 1]', "has a seed twice: 1. Keep one."),
        ('question = "?"\n[sweep]\n"a.b" = []', "sweep.a.b takes at least 1 value"),
        ('question = "?"\nkind = "train"', "kind: input should be 'training'"),
        ('question = "?"\n[sweep]\n' + MANY, "1000000000000 combinations; the maximum"),
        (ONE.replace("average", "max"), "names 'max' twice"),
        (ONE.replace("average", "a(b)"), "variants.1.name"),
        (ONE + "[sweep]\n'a.b' = [1]", "has both [sweep] and [[variants]]"),
        (ONE + '[quick]\nonly = ["maks"]', "Did you mean 'max'?"),
        (ONE + "[quick]\nepochs = 3", "There is no key of [quick] named 'epochs'"),
        (ONE + FINDING.format("test_loss(maks) > 1"), "Did you mean 'max'?"),
        (ONE + FINDING.format("test_los(max) > 1"), "Did you mean 'test_loss'?"),
        (ONE + FINDING.format("test_loss(max)@2 > 1"), "no metric named 'test_loss'"),
        (ONE + FINDING.format("test_loss() > 1"), "does not say which variant"),
        (ONE + FINDING.format("test_loss(max)"), "cannot be parsed"),
        (ONE + PUBLISHED + 'metric = "test_loss"', "belongs to one of 2 variants"),
        (
            ONE + PUBLISHED + 'variant = "max"\nmetric = "tets_loss"',
            "Did you mean 'test_loss'?",
        ),
        (
            ONE + PUBLISHED + 'variant = "max"\nmetric = "test_loss"\nepsilom = 1',
            "Did you mean 'epsilon'?",
        ),
    ],
)
def test_mistakes_are_refused_in_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        read(tmp_path, text)


def test_a_sweep_is_every_combination(tmp_path):
    text = 'question = "?"\n[sweep]\n"optimizer.learning_rate" = [0.1, 1e-5]\n'
    made = all_variants(read(tmp_path, text + '"model.sizes" = [[1], [2, 3]]'))
    assert [variant.name for variant in made] == [
        "learning_rate=0.1, sizes=1",
        "learning_rate=0.1, sizes=2-3",
        "learning_rate=1e-05, sizes=1",
        "learning_rate=1e-05, sizes=2-3",
    ]
    assert made[1].set == {"optimizer.learning_rate": 0.1, "model.sizes": [2, 3]}


def test_sizes_have_their_own_seeds_and_variants(tmp_path):
    made = read(tmp_path, ONE + '[quick]\nseeds = [7]\nonly = ["average"]')
    assert (made.seeds_of("quick"), made.seeds_of("full")) == ((7,), (0, 1, 2))
    assert [v.name for v in made.variants_of("quick")] == ["average"]
    assert [v.name for v in made.variants_of("full")] == ["max", "average"]


def test_an_experiment_that_varies_nothing_has_one_variant(tmp_path):
    assert [v.name for v in all_variants(read(tmp_path, 'question = "?"'))] == ["main"]


def test_values_of_a_sweep_may_have_parentheses(tmp_path):
    path = tmp_path / "e.toml"
    path.write_text('question = "?"\n[sweep]\n"dataset.name" = ["a (b)", "c"]\n')
    names = [variant.name for variant in all_variants(read_experiment(path))]
    assert names == ["name=a (b)", "name=c"]
