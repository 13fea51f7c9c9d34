import pytest
from pydantic import BaseModel, ConfigDict, Field

from handgrad.errors import ConfigError
from handgrad.studies.table_validation import checked


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    epsilon: float = Field(gt=0)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=1)
    names: tuple[str, ...] = Field(("a",), min_length=1)
    both: list[int] = Field([1, 2], min_length=2)
    rows: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"qestion": "?", "question": "?"}, "Did you mean 'question'?"),
        ({}, "question is missing. Add it."),
        ({"question": "?", "rows": [{"epsilon": 1, "epsilom": 2}]}, "[rows.0]"),
        ({"question": "?", "rows": [{"epsilon": 0}]}, "rows.0.epsilon: input should"),
        (
            {"question": "?", "names": []},
            "names takes at least 1 value, got []. Give one.",
        ),
        (
            {"question": "?", "both": [1]},
            "both takes at least 2 values, got [1]. Give more.",
        ),
        ({"question": ""}, "question takes at least 1 character, got ''. Give one."),
        ({"question": 3}, "question: input should be a valid string, got 3"),
    ],
)
def test_an_error_is_one_sentence(tables, sentence):
    with pytest.raises(ConfigError) as caught:
        checked(Outer, tables, "e.toml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("e.toml: ")


def test_valid_tables_are_returned():
    assert checked(Outer, {"question": "?"}, "e.toml").rows == ()
