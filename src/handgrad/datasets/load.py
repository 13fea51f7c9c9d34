"""Loading data sets by name or from a folder or zip of images."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.arrays import Pair
from handgrad.datasets.array_file import ARRAY_FILE, load_arrays
from handgrad.datasets.dataset import Dataset, Progress, checksum_of
from handgrad.datasets.download import fetch_files, is_right
from handgrad.datasets.image_fit import USUAL, Fit, fit_named
from handgrad.datasets.local_copies import check_partial, find, target_of
from handgrad.datasets.resize import resize_dataset
from handgrad.datasets.search_path import check_root
from handgrad.datasets.source import Source
from handgrad.datasets.sources import NAMES, SOURCES
from handgrad.errors import ConfigError, DatasetError, unknown_name
from handgrad.names import known_name
from handgrad.paths import check_ordinary, path_of
from handgrad.ranges import check_count, shown

if TYPE_CHECKING:
    from handgrad.datasets.formats.survey import Survey


OWN_IMAGES = (
    "For your own images, give a folder or a zip with one folder for each class"
)


def load(  # noqa: PLR0913 - the ways to read are its arguments
    name_or_path: str | Path,
    *,
    data_dir: str | Path | None = None,
    image_size: Pair | None = None,
    fit: Fit = USUAL,
    progress: Progress | None = None,
    label_from: str | None = None,
    use_cache: bool = True,
    allow_empty_classes: bool = False,
    skip_bad: bool = False,
) -> Dataset:
    """Load a data set, downloading it if it is not on this machine.

    `name_or_path` is a name that `handgrad data list` prints, such as "fashion_mnist"
    (hyphens, underscores and capitals do not matter), or the path of images: a folder
    or zip with one folder for each class, or a file or folder of another format (see
    the guide on data). `label_from` selects the labels if they are ambiguous: "name"
    for the file name, "folder", a column or key, and "fine" or "coarse" for CIFAR-100.
    `data_dir`, or else the folder that HANDGRAD_DATA names, is the only folder
    searched, and receives downloads. Without either, ./data, the user's cache folder
    and the folders of other libraries are searched, and the cache folder receives
    downloads. `fit` says how images of another shape get the size: "crop" (resize the
    shorter side, crop the centre), "pad" (resize the longer side, fill the rest with
    the mean colour of the border) or "stretch". `progress` is called with what is being
    read, the amount done, and the total. With `use_cache=False` images are decoded even
    if the image cache holds them. An empty folder next to the class folders is an
    error, unless `allow_empty_classes`. Image files that cannot be read are an error as
    well; with `skip_bad` they are skipped and listed in `skipped`, with a
    HandgradWarning.

    DatasetError for an unknown name, a `data_dir` that does not exist, a failed
    download, or a file that is missing or damaged; ConfigError for a size below 1 or an
    unknown `fit`.

    Shapes
        train.images   (count, channels, height, width), uint8
        train.targets  (count,), int64

    Units
        image_size  (height, width) in pixels; images are resized to it

    Example
        load("digits").train.images.shape == (1437, 1, 8, 8)
    """
    _check_size(image_size)
    fit = fit_named(fit)
    if data_dir is not None:
        data_dir = path_of("load", "data_dir", data_dir, DatasetError)
    name = _known(name_or_path)
    if name is None:
        return _from_files(
            _existing(name_or_path),
            label_from,
            allow_empty_classes=allow_empty_classes,
            image_size=image_size,
            fit=fit,
            progress=progress,
            use_cache=use_cache,
            skip_bad=skip_bad,
        )
    _check_single(name, label_from)
    source, place = SOURCES[name], None
    if source.files:
        check_root(data_dir)
        place = find(source, data_dir)
        if place is None:
            check_partial(source, data_dir)
            place = fetch(name, data_dir=data_dir, progress=progress)
    dataset = read(source, place or Path())
    return dataset if image_size is None else resize_dataset(dataset, image_size, fit)


def inspect(
    name_or_path: str | Path,
    *,
    data_dir: str | Path | None = None,
    label_from: str | None = None,
    progress: Progress | None = None,
) -> "Survey":
    """Check all images of a data set, and report problems; see `load`."""
    from handgrad.datasets.formats.survey import of_arrays, summed, survey

    name = _known(name_or_path)
    path = None if name is not None else _existing(name_or_path)
    if path is not None and path.name != ARRAY_FILE:
        return survey(path, label_from, progress)
    _check_single(name or str(path), label_from)
    found = load(name_or_path, data_dir=data_dir, progress=progress)
    return summed(found.name, found.class_names, of_arrays(found))


def _from_files(path: Path, label_from: str | None, **how: Any) -> Dataset:
    if path.name == ARRAY_FILE:
        _check_single(str(path), label_from)
        return load_arrays(path)
    from handgrad.datasets.formats.load_formats import load_path

    return load_path(path, label_from=label_from, **how)


def fetch(
    name: str, *, data_dir: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Download a data set unless it is on this machine; return its folder or archive.

    `name` is a name that `handgrad data list` prints, such as "fashion_mnist".
    `data_dir`, or else the folder that HANDGRAD_DATA names, is the only place searched,
    and receives the download; without either it goes into the user's cache folder.
    `progress` is called with the file, the bytes done, and the total bytes. Downloaded
    files with a wrong checksum are downloaded again.

    ConfigError for an unknown name; DatasetError for "digits", which is part of
    scikit-learn, and for a download that fails or has another checksum.
    """
    known = _known(name)
    if known is None:
        downloads = [name for name, source in SOURCES.items() if source.files]
        raise unknown_name("data set to download", name, downloads)
    source = SOURCES[known]
    if not source.files:
        raise DatasetError(
            f"{known} needs no download: it comes with scikit-learn. Load it by its "
            "name."
        )
    target = target_of(known, data_dir)
    found = find(source, data_dir)
    if found is not None and (found != target or _is_whole(source, found)):
        return found
    return fetch_files(source, target, progress)


def read(source: Source, place: Path) -> Dataset:
    """Read a data set from its folder or archive.

    The structure of every file is checked. Content other than the original is accepted
    and shows in the checksum; only that of another known data set is refused.
    """
    train, test = source.read(place)
    if train.image_shape != test.image_shape:
        raise DatasetError(
            f"{place}: training images are {train.image_shape}, test images "
            f"{test.image_shape}. They do not belong together; download both again."
        )
    checksum = checksum_of(train, test)
    _check_identity(source, place, checksum)
    return Dataset(source.name, train, test, source.class_names, checksum)


def _known(name: str | Path) -> str | None:
    """Return the known data set of this name, ignoring hyphens and case."""
    if isinstance(name, str):
        return known_name(name, NAMES)
    if isinstance(name, os.PathLike):
        return None
    raise DatasetError(
        "A data set is chosen by its name or by the path of a folder or zip, got "
        f"{shown(name)}. Give one of: {', '.join(NAMES)}."
    )


def _existing(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    path = Path(os.path.expanduser(text))
    if text.strip() and os.path.exists(path):  # false for a name that is too long
        check_ordinary(path, DatasetError, f"{OWN_IMAGES}.")
        return path
    if isinstance(name_or_path, str) and not set(text) & set("/\\."):
        unknown = unknown_name("data set", text, NAMES)
        raise DatasetError(f"{unknown} {OWN_IMAGES}.")
    raise DatasetError(
        f"There is no data set at {text}. {OWN_IMAGES}, or a name: {', '.join(NAMES)}."
    )


def _check_single(name: str, label_from: str | None) -> None:
    if label_from is not None:
        raise ConfigError(
            f"{name} has one label for each image, got label_from={label_from!r} "
            "(--label-from). Omit it."
        )


def _check_size(image_size: Pair | None) -> None:
    if image_size is None:
        return
    if not isinstance(image_size, tuple | list) or len(image_size) != 2:
        raise ConfigError(
            f"image_size must be (height, width), got {shown(image_size)}. Give two "
            "integers, such as (28, 28)."
        )
    for side, value in zip(("height", "width"), image_size, strict=True):
        check_count("image_size", side, value)


def _check_identity(source: Source, place: Path, checksum: str) -> None:
    for other in SOURCES.values():
        if checksum == other.checksum and other is not source:
            raise DatasetError(
                f"{place} holds {other.name}, not {source.name}. Load it as "
                f"{other.name}, or give the folder of {source.name} as data_dir "
                "(--data-dir)."
            )


def _is_whole(source: Source, folder: Path) -> bool:
    """Whether all files have the original SHA-256, as far as it is known."""
    return all(
        not file.sha256
        or any(is_right(folder / name, file) for name in (file.packed, file.name))
        for file in source.files
    )
