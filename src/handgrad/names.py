"""Matching of names whatever their spelling: `CIFAR-10` is `cifar10`."""

from collections.abc import Iterable

IGNORED = str.maketrans("", "", "-_ ")


def known_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that matches, or None.

    Case, hyphens, underscores and spaces are ignored.

    Example
        known_name("Fashion-MNIST", ["mnist", "fashion_mnist"]) == "fashion_mnist"
    """
    names = list(known)
    if name in names:
        return name
    plain = _plain(name)
    return next((known for known in names if _plain(known) == plain), None)


def _plain(name: str) -> str:
    return name.translate(IGNORED).casefold()
