"""Detection of the content of a file or an array from its name.

train-images-idx3-ubyte     images of the training split
emnist-letters-test-labels  labels of the test split, of the set emnist letters
x_train, trainX, X          images of the training split, or of no split
val_labels                  labels of the validation split
"""

import re
from dataclasses import dataclass

from handgrad.datasets.split_names import WORDS

IMAGES = {"x", "images", "image", "imgs", "img", "data", "features", "inputs", "pixels"}
IMAGES |= {"samples", "examples"}
LABELS = {"y", "labels", "label", "lbls", "targets", "target", "classes", "class"}
SPLITS: dict[str, str] = {**WORDS, "tr": "train", "te": "test", "t10k": "test"}
STORAGE = {"idx1", "idx2", "idx3", "idx4", "ubyte", "byte", "short", "int", "float"}
STORAGE |= {"double", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"}
GLUED = re.compile(
    rf"({'|'.join(IMAGES | LABELS)})({'|'.join(SPLITS)})"
    rf"|({'|'.join(SPLITS)})({'|'.join(IMAGES | LABELS)})"
)


@dataclass(frozen=True)
class Role:
    """`kind` is "images", "labels" or ""; `split` is a split or ""; `rest`: the set."""

    kind: str
    split: str
    rest: tuple[str, ...]


def role_of(name: str) -> Role:
    """Return the role of a file or array, from the words in its name.

    Example
        role_of("x_train") == Role("images", "train", ())
    """
    words = [part for word in _words(name) for part in _unglued(word)]
    kinds = [kind for word in words if (kind := _kind(word))]
    splits = [split for word in words if (split := _split(word))]
    known = IMAGES | LABELS | STORAGE
    rest = tuple(word for word in words if word not in known and not _split(word))
    return Role(kinds[-1] if kinds else "", splits[-1] if splits else "", rest)


def split_in(name: str) -> str:
    """Return the split that a name contains, or ""."""
    return role_of(name).split


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def _split(word: str) -> str:
    """Return the split of a word, which may have a number: test1, train2017."""
    plain = word.rstrip("0123456789")
    return SPLITS.get(word) or (SPLITS.get(plain, "") if len(plain) > 2 else "")


def _kind(word: str) -> str:
    return "images" if word in IMAGES else "labels" if word in LABELS else ""


def _unglued(word: str) -> list[str]:
    found = GLUED.fullmatch(word)
    return [word] if found is None else [part for part in found.groups() if part]
