"""The split of each image as given by a column of a table.

    split: train, Validation, TEST, holdout ...    the words of split folders
    Usage: Training, PublicTest, PrivateTest       as in FER2013

Other values, such as `exclude`, are refused: nothing says that such images are training
images. Columns named `set`, `fold` and so on give the split if one value is that of
a split; otherwise they say something else, and are not used.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from handgrad.datasets.formats.csv_table import Form, rows_of
from handgrad.datasets.formats.name_roles import SPLITS as WORDS
from handgrad.datasets.split_names import kind_of, kinds_of
from handgrad.errors import DatasetError
from handgrad.text import number_of

CERTAIN = ("split", "usage")
NAMES = (
    *("split", "set", "subset", "usage", "data set", "dataset", "data_set", "phase"),
    *("fold", "partition", "data_split"),
)
USAGES = {"publictest": "validation", "privatetest": "test"}
SHOWN = 3  # values in an error


def splits_of(values: Iterable[str], column: str, source: str) -> dict[str, str]:
    """Return the split of each value; empty for a column of something else.

    DatasetError for a value that is no split.

    Example
        splits_of(["Train", "holdout"], "split", "a.csv")["holdout"] == "test"
    """
    counts = Counter(values)
    rests = {(kind_of(value) or ("", (value,)))[1] for value in counts}
    kinds = kinds_of(counts) if len(rests) == 1 else {}  # not train and train_old
    splits = {value: kinds.get(value) or _split(value) for value in counts}
    others = [value for value, split in splits.items() if not split]
    if len(others) == len(counts) and column not in CERTAIN:
        return {}
    if others:
        named = [f"{value or 'nothing'} in {number_of(counts[value], 'row')}"
                 for value in others[:SHOWN]]  # fmt: skip
        more = ["..."] if len(others) > SHOWN else []
        raise DatasetError(
            f"The column {column} of {source} has values that are no split "
            f"({', '.join(named + more)}). Write train, validation or test there, "
            "remove the rows, or rename the column if it does not give the splits."
        )
    return splits


def splits_in(table: Path, form: Form, place: int | None) -> dict[str, str]:
    """Do the same for a column of a CSV file; empty without one."""
    if place is None:
        return {}
    values = (row[place] for row in rows_of(table, form))
    return splits_of(values, form.header[place], str(table))


def _split(value: str) -> str:
    """The split of a value on its own, or ""."""
    plain = value.lower()
    kind, rest = kind_of(value) or ("", ())
    return USAGES.get(plain) or WORDS.get(plain) or ("" if rest else kind)
