import pytest
from pydantic import ValidationError

from handgrad.training.table import Table, Whole


class Some(Table):
    count: Whole = 3


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


def test_a_table_is_not_changed():
    with pytest.raises(ValidationError):
        Some().count = 4
