"""A set of IDX files in a folder, like the four of MNIST.

EMNIST    images are stored transposed, and are transposed back here; labels stand for
          letters, as given by the file with `mapping` in its name, or else in the order
          of its authors
KMNIST    like MNIST
QMNIST    labels in eight columns, of which the first is the digit

Source
    Cohen, Afshar, Tapson, van Schaik (2017), EMNIST: an extension of MNIST to
    handwritten letters.
"""

import string
from collections.abc import Sequence
from pathlib import Path

from handgrad.datasets.formats.array_sets import Pair, pairs_of, part_of
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.name_roles import role_of
from handgrad.datasets.gzip_files import head_of
from handgrad.datasets.idx import axes_of, read_idx
from handgrad.datasets.search_path import plain_name
from handgrad.errors import DatasetError

ADVICE = "Replace or remove the file."
MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
EMNIST = {
    "letters": dict(enumerate(string.ascii_uppercase, 1)),
    "byclass": dict(
        enumerate(string.digits + string.ascii_uppercase + string.ascii_lowercase)
    ),
    "bymerge": dict(enumerate(MERGED)),
    "balanced": dict(enumerate(MERGED)),
}


def read_idx_set(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """Read images and labels of these files; for one file, those of its set."""
    folder = paths[0].parent
    chosen = None
    if len(paths) == 1:
        chosen = role_of(plain_name(paths[0])).rest
        paths = [path for path in _files(folder) if _axes(path)]
    files = {plain_name(path): path for path in reversed(paths)}
    axes = {name: _axes(path) for name, path in files.items()}
    pairs = pairs_of(axes, str(folder))
    if chosen is not None:
        pairs = [pair for pair in pairs if pair.rest == chosen]
    sets = sorted({pair.rest for pair in pairs})
    if len(sets) != 1:
        names = ", ".join(files[_first(pairs, rest)].name for rest in sets)
        raise DatasetError(
            f"{folder} holds {len(sets)} sets of IDX files. Give a file of the set "
            f"that you want, unpacked: {names or 'there are none'}."
        )
    is_emnist = "emnist" in _words(sets[0], folder)
    parts = tuple(_part(pair, files, is_emnist=is_emnist) for pair in pairs)
    return Arrays(parts, _letters(sets[0], folder) if is_emnist else {})


def _part(pair: Pair, files: dict[str, Path], *, is_emnist: bool) -> Part:
    images = read_idx(files[pair.images], advice=ADVICE)
    labels = read_idx(files[pair.labels], advice=ADVICE)
    if is_emnist and images.ndim == 3:
        images = images.transpose(0, 2, 1)
    return part_of(pair, images, labels, str(files[pair.images].parent))


def _words(rest: tuple[str, ...], folder: Path) -> set[str]:
    """Words in a set's name and in the names of its two parent folders."""
    above = folder.resolve().parts[-2:]
    return {*rest, *(word for part in above for word in role_of(part).rest)}


def _letters(rest: tuple[str, ...], folder: Path) -> dict[int, str]:
    """Return the character of each label."""
    for path in _files(folder):
        role = role_of(path.stem)
        if path.suffix == ".txt" and {*rest, "mapping"} == {*role.rest}:
            return _mapping(path)
    variants = [EMNIST[word] for word in EMNIST if word in _words(rest, folder)]
    return variants[0] if variants else {}


def _mapping(path: Path) -> dict[int, str]:
    """Parse a mapping file: a label and its character codes in each line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()[:1000]
        rows = [[int(word) for word in line.split()] for line in lines if line.strip()]
        return {row[0]: chr(row[1]) for row in rows}
    except (OSError, ValueError, IndexError, OverflowError) as error:
        raise DatasetError(
            f"{path} must hold a label and a character code in each line ({error}). "
            f"{ADVICE}"
        ) from error


def _axes(path: Path) -> int:
    return axes_of(head_of(path)) or 0


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _first(pairs: Sequence[Pair], rest: tuple[str, ...]) -> str:
    return next(pair.images for pair in pairs if pair.rest == rest)
