"""Every parser of a file that may come from somebody else, as bytes -> None.

Any content must be read, or refused by the error class that stands here. Whatever else
comes out - another exception, a warning, a wrong kind of result - is a finding.
"""

import gzip
import json
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

import numpy as np

from fuzz.files import checkpoint, manifest_of, put, put_all, put_once
from fuzz.format_parsers import FORMATS, REFUSED
from handgrad.datasets import cifar10_binary as binary_version
from handgrad.datasets import cifar10_python
from handgrad.datasets.archive import read_tar
from handgrad.datasets.dataset import Split
from handgrad.datasets.gzip_files import GZIP
from handgrad.datasets.idx import read_idx
from handgrad.datasets.image_decoding import (
    PIXEL_LIMIT,
    decode,
    quiet_decoder,
    read_header,
)
from handgrad.datasets.image_files import Zip
from handgrad.errors import (
    ConfigError,
    DatasetError,
    HandgradWarning,
    IntegrityError,
    RunError,
)
from handgrad.studies.claims import parse_claim
from handgrad.studies.experiment import SIZES, read_experiment
from handgrad.studies.ledger import Ledger
from handgrad.studies.trials import cells_of, key_of
from handgrad.sweeps.grid_search import grid
from handgrad.sweeps.sweep import read_sweep
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.config import read_config
from handgrad.training.configure import check_names
from handgrad.training.manifest import MANIFEST, check_manifest
from handgrad.training.notes import Notes
from handgrad.training.run_folder import RunFolder

Parser = Callable[[bytes], None]
MEMBERS = ("set/a.bin", "set/b.bin")
LARGEST_MEMBER = 1 << 16


def idx(content: bytes) -> None:
    """An IDX file as it is, of images or of labels."""
    read_numbers(content, 1 if content[3:4] == b"\1" else 3)


def idx_gzip(content: bytes) -> None:
    """A gzip file, or what a sound one holds."""
    packed = content if content.startswith(GZIP) else gzip.compress(content, 1)
    read_numbers(packed, 1 if content[3:4] == b"\1" else 3)


def read_numbers(content: bytes, axes: int) -> None:
    """The bytes of an IDX file, gzip or not, in so many axes."""
    path = put(content)
    with suppress(DatasetError):
        numbers = read_idx(path, axes)
        assert numbers.dtype == np.uint8
        assert numbers.ndim == axes


def cifar10_binary(content: bytes) -> None:
    """A batch of CIFAR-10's binary version."""
    with suppress(DatasetError):
        check_split(binary_version.parse_batch(content, "it"))


def cifar10_pickle(content: bytes) -> None:
    """A batch of CIFAR-10's Python version."""
    with suppress(DatasetError):
        check_split(cifar10_python.parse_batch(content, "it"))


def check_split(split: Split) -> None:
    """Images of the right shape, and a class for each."""
    assert split.images.shape == (len(split), *binary_version.SHAPE)
    assert (split.images.dtype, split.targets.dtype) == (np.uint8, np.int64)
    assert 0 <= split.targets.min() <= split.targets.max() < 10


def archive(content: bytes) -> None:
    """A tar.gz, or the tar that a sound gzip file holds."""
    packed = content if content.startswith(GZIP) else gzip.compress(content, 1)
    path = put(packed)
    with suppress(DatasetError):
        found = read_tar(path, MEMBERS, LARGEST_MEMBER)
        assert found.keys() == set(MEMBERS)


def picture(content: bytes) -> None:
    """One picture's header and pixels, grey and in colours."""
    with suppress(DatasetError), quiet_decoder():
        height, width = read_header(content, "it").size
        assert 0 < height * width <= PIXEL_LIMIT
    for shape in ((1, 3, 4), (3, 4, 5)):
        with suppress(DatasetError), quiet_decoder():
            pixels = decode(content, "it", shape)
            assert (pixels.shape, pixels.dtype) == (shape, np.uint8)


def pictures(content: bytes) -> None:
    """A zip of pictures: its list of files, and what it says of each."""
    path = put(content)
    with suppress(DatasetError), Zip(path) as files:
        for file in files.sorted_files():
            assert ".." not in file.parts
            with suppress(DatasetError):
                files.read(file.name)


def configuration(content: bytes) -> None:
    """A run's config.toml; what is read can be written and read again."""
    path = put(content)
    with suppress(ConfigError):
        config = read_config(path)
        check_names(config)
        path.write_text(config.to_toml(), encoding="utf-8")
        assert read_config(path).to_toml() == config.to_toml()


def experiment(content: bytes) -> None:
    """A row of a study, with the trials that it stands for."""
    path = put(content)
    with suppress(ConfigError):
        row = read_experiment(path)
        for size in SIZES:
            for cell in cells_of("row", row, size, "study"):
                assert cell.trial.key


def sweep(content: bytes) -> None:
    """A sweep's file, and its grid if it is one."""
    path = put(content)
    with suppress(ConfigError):
        read = read_sweep(path)
        if read.method == "grid":
            assert grid(read)


def claim(content: bytes) -> None:
    """A comparison of a study."""
    with suppress(ConfigError):
        assert parse_claim(content.decode(errors="replace")).signs


def manifest(content: bytes) -> None:
    """A run's manifest.json."""
    folder = put_once("run")
    put(content, f"run/{MANIFEST}")
    with suppress(RunError):
        assert check_manifest(folder) >= 0


def sealed_manifest(content: bytes) -> None:
    """The files that a manifest names, with a sum that fits them."""
    try:
        made = manifest_of(json.loads(content))
    except (ValueError, RecursionError):
        return  # no JSON: that is for `manifest`
    manifest(made)


def metrics(content: bytes) -> None:
    """A run's metrics.jsonl."""
    path = put(content, "metrics.jsonl")
    with suppress(RunError):
        rows = RunFolder(path.parent).records()
        assert all(isinstance(row, dict) for row in rows)


def ledger(content: bytes) -> None:
    """How a trial ended, under the key of the trial that it names."""
    try:
        key = key_of(json.loads(content)["trial"])
    except (ValueError, RecursionError, LookupError, TypeError):
        key = "key"
    path = put(content, f"ledger/{key}.json")
    with suppress(IntegrityError):
        try:
            outcome = Ledger(path.parent.parent).outcome(key)
        finally:
            path.unlink()
        assert outcome is not None
        assert isinstance(outcome["status"], str)


def pointer(content: bytes) -> None:
    """A checkpoint's last.json."""
    folder = put_once("resting")
    put(content, "resting/last.json")
    with suppress(RunError):
        load_checkpoint(folder)


def position(content: bytes) -> None:
    """A checkpoint's position.json, with sums that fit it."""
    folder = put_all("position", checkpoint(position=content))
    with suppress(RunError):
        assert Notes.from_values(load_checkpoint(folder).notes).sizes


def state(content: bytes) -> None:
    """A checkpoint's arrays, with sums that fit them."""
    folder = put_all("state", checkpoint(state=content))
    with suppress(RunError):
        load_checkpoint(folder)


def refusing(parser: Parser) -> Parser:
    """A parser of a format, which may refuse what it is given, or warn of it."""

    @wraps(parser)
    def tried(content: bytes) -> None:
        with suppress(*REFUSED), warnings.catch_warnings():
            warnings.simplefilter("ignore", HandgradWarning)
            parser(content)

    return tried


PARSERS: dict[str, Parser] = {
    parser.__name__: parser
    for parser in (
        idx, idx_gzip, cifar10_binary, cifar10_pickle, archive, picture, pictures,
        configuration, experiment, sweep, claim, manifest,
        sealed_manifest, metrics, ledger, pointer, position, state,
        *map(refusing, FORMATS),
    )
}  # fmt: skip
