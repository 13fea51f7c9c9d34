from typing import Annotated

import pytest
from pydantic import AfterValidator, ValidationError

from handgrad.training.settings_table import Table, Whole


class Some(Table):
    count: Whole = 3


class Open(Table):
    rate: float | None = None
    count: Whole | None = None
    place: Annotated[str, AfterValidator(str.upper)] | None = None
    kind: str | None = None
    needed: float = 1.0


def test_the_word_none_stands_for_none():
    found = Open(rate="none", count="none")
    assert (found.rate, found.count) == (None, None)
    for wrong in ({"rate": "nothing"}, {"needed": "none"}):
        with pytest.raises(ValidationError):
            Open(**wrong)


def test_where_any_text_is_allowed_none_is_a_word():
    found = Open(place="none", kind="none")
    assert (found.place, found.kind) == ("NONE", "none")


def test_a_table_holds_its_fields():
    assert Some(count=2**31 - 1).count == 2**31 - 1
    assert Some().model_dump() == {"count": 3}


@pytest.mark.parametrize(
    "given",
    [{"count": "10"}, {"count": True}, {"count": 0}, {"count": 2**31}, {"x": 1}],
)
def test_another_type_or_key_or_size_is_refused(given):
    with pytest.raises(ValidationError):
        Some(**given)


class Newer(Some):
    LATER = frozenset({"kind"})
    kind: str | None = None
    other: str | None = None


def test_a_later_key_is_left_out_until_it_is_given():
    assert Newer().model_dump() == {"count": 3, "other": None}
    assert Newer(kind="a").model_dump()["kind"] == "a"
    assert Newer(**Newer().model_dump()) == Newer()


def test_a_table_is_immutable():
    with pytest.raises(ValidationError):
        Some().count = 4
