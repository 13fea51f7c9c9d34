"""Split names in folder names: Training, TRAIN, seg_train, valid, dev, ..."""

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["train", "test", "validation"]

WORDS: dict[str, Kind] = {
    **dict.fromkeys(("train", "training", "trn", "learn", "learning"), "train"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "heldout"), "test"),
    **dict.fromkeys(("eval", "evaluation"), "test"),  # validation next to a test folder
    **dict.fromkeys(
        ("validation", "validate", "valid", "val", "dev", "development"), "validation"
    ),
}
FILLERS = {"set", "sets", "data", "dataset", "image", "images", "img", "imgs", "split"}
FILLERS |= {"folder", "dir", "directory", "picture", "pictures", "photos"}
EVALUATION = {"eval", "evaluation"}
UNSORTED = {"pred", "predict", "prediction", "predictions", "unlabeled", "unlabelled"}
UNSORTED |= {"unsorted", "unsupervised", "submission"}
UNLABELLED = UNSORTED | {"inference", "demo", "extra", "sample", "samples", "sampled"}
HELD_OUT = {"test", "testing", "tst", "holdout", "heldout"}
HELD_OUT |= {"validation", "validate", "valid", "val"}  # development may be a class
NO_CLASS = FILLERS | UNLABELLED | {"all", "unknown"}
BETWEEN = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # TrainData
GLUED = re.compile(
    r"(train|training|test|testing|val|valid|validation|dev)"
    r"(?:set|data|images|imgs|dir|folder)s?$"
)


def kind_of(name: str) -> tuple[Kind, tuple[str, ...]] | None:
    """Return the split that a folder name denotes, and its other words; else None.

    Example
        kind_of("seg_train") == ("train", ("seg",))
    """
    words = [GLUED.sub(r"\1", word) for word in _words(name)]
    kinds = [WORDS[word] for word in words if word in WORDS]
    if len(kinds) != 1:
        return None
    rest = [word for word in words if word not in WORDS and word not in FILLERS]
    return kinds[0], tuple(rest)


def kinds_of(names: Iterable[str]) -> dict[str, Kind]:
    """Map split folders to their splits; empty without a training split.

    Split folders share their other words: seg_train and seg_test do, train station and
    test tube do not. Next to train, neither train_old nor trainingSample is a split.
    """
    found = {name: kind for name in names if (kind := kind_of(name)) is not None}
    plain = {kind for kind, rest in found.values() if not rest}
    rests = {rest for _, rest in found.values() if rest}
    if len(rests) > 1:
        found = {name: kind for name, kind in found.items() if not kind[1]}
    kinds: dict[str, Kind] = {
        name: kind
        for name, (kind, rest) in found.items()
        if not rest or kind not in plain
    }
    tests = [name for name, kind in kinds.items() if kind == "test"]
    again = [name for name in tests if not EVALUATION.isdisjoint(_words(name))]
    if "validation" not in kinds.values() and len(again) < len(tests):
        kinds |= dict.fromkeys(again, "validation")
    return kinds if "train" in kinds.values() else {}


def crossed(names: Iterable[str]) -> tuple[str, str] | None:
    """Find two folders of one split and class each: train_cat and test_cat."""
    by_rest: dict[tuple[str, ...], dict[Kind, str]] = {}
    for name in sorted(names):
        if (found := kind_of(name)) is not None and found[1]:
            by_rest.setdefault(found[1], {}).setdefault(found[0], name)
    for pair in by_rest.values():
        if len(pair) > 1 and "train" in pair:
            first, second, *_ = pair.values()
            return first, second
    return None


def not_classes(names: Iterable[str]) -> list[str]:
    """The folders that hold no class by their names, next to others that may.

    Those of held-out or unlabelled images; a single one next to a single other may be a
    class. `valid` is a class next to `invalid`.

    Example
        not_classes(["bus", "car", "test"]) == ["test"]
    """
    found: list[str] = []
    others: list[str] = []
    for name in sorted(names):
        words = {GLUED.sub(r"\1", word) for word in _words(name)} - FILLERS
        (found if words and words <= HELD_OUT | UNSORTED else others).append(name)
    if any("invalid" in name.lower() for name in others):
        others += [name for name in found if "valid" in _words(name)]
        found = [name for name in found if name not in others]
    return found if others and len(found) + len(others) > 2 else []


def is_unlabelled(name: str) -> bool:
    """Whether a folder name denotes unlabelled images."""
    return not UNLABELLED.isdisjoint(_words(name))


def names_no_class(name: str) -> bool:
    """Whether a folder name, such as images, cannot be that of a class."""
    return NO_CLASS.issuperset(_words(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", BETWEEN.sub(" ", name).lower())
