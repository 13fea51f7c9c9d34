import pytest

from handgrad.errors import ConfigError
from handgrad.studies.claims import Term, parse_claim

VALUES = {
    Term("accuracy", "max"): 0.9,
    Term("accuracy", "average"): 0.8,
    Term("loss", "2,000", 3): 0.5,
    Term("loss", ""): 0.25,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("accuracy(max) > accuracy(average)", True),
        ("accuracy(max) < accuracy(average)", False),
        ("accuracy(max) - accuracy(average) > 0.05", True),
        ("accuracy(max) - accuracy(average) > 0.15", False),
        ("0.1 + accuracy(average) + 0.05 >= accuracy(max)", True),
        ("loss() < loss(2,000)@3 < 1e1", True),
        ("loss() < loss(2,000)@3 < 0.4", False),
        ("loss() <= 0.25", True),
        ("-1 < loss()", True),
        ("-1 - loss() > -1.3", True),
    ],
)
def test_comparisons(text, holds):
    assert parse_claim(text).holds(VALUES.__getitem__) is holds


def test_a_claim_lists_its_terms_and_variants():
    claim = parse_claim("a(x) - b(y)@2 > c(x=1, z=2-3)")
    assert list(map(str, claim.terms)) == ["a(x)", "b(y)@2", "c(x=1, z=2-3)"]
    assert claim.variants == ["x", "y", "x=1, z=2-3"]
    assert len(claim.values(lambda term: 2.0)) == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "its end"),
        ("a(x)", "its end"),
        ("a(x) >", "its end"),
        ("a(x) > b", "b"),
        ("a(x) == b(x)", "== b(x)"),
        ("a(x) b(x) > 1", "b(x) > 1"),
        ("a(x) > > b(x)", "> b(x)"),
        ("a(x)@" + "9" * 5000 + " > 1", "@" + "9" * 5000 + " > 1"),
        ("a(x) * 2 > 1", "* 2 > 1"),
        ("__import__('os') > 1", "__import__('os') > 1"),
    ],
)
def test_the_error_shows_where_parsing_failed(text, place):
    with pytest.raises(ConfigError) as caught:
        parse_claim(text)
    assert f"at {place!r}." in str(caught.value)
