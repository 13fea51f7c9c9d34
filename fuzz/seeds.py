"""Small sound files for each parser: where fuzzing begins."""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
from PIL import Image

from fuzz.files import RUN, checkpoint, manifest_of, sound_position, sound_state
from fuzz.format_seeds import format_seeds
from handgrad.datasets.image_decoding import ORIENTATION
from handgrad.training.config import RunConfig

PIXELS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([7, 2], dtype=np.uint8)
PICTURES = np.arange(2 * 3072, dtype=np.uint32).astype(np.uint8).reshape(2, 3072)
STUDIES = ("csci581-a/a1", "cmsc426/b3", "cs776/c12", "blg506e/d5-rules")
CLAIMS = (
    b"validation_accuracy(max) > validation_accuracy(average)",
    b"train_accuracy(2,000) - validation_accuracy(2,000) > 0.05",
    b"train_loss(32)@1 < train_loss(256)@1 <= 2.3e+0",
)
SWEEP = b"""
question = "Which rate?"
[dataset]
name = "digits"
[model]
name = "mlp"
[sweep]
method = "tpe"
trials = 4
seeds = [0, 1]
metric = "validation_loss"
pruning = "median"
[sweep.parameters]
"optimizer.learning_rate" = { low = 1e-3, high = 0.5, log = true }
"model.hidden_sizes" = [[16], [32, 16]]
"training.batch_size" = { low = 16, high = 64, integer = true, count = 3 }
"""
SETTINGS = b"""
seed = 3
engine = "plain"
[dataset]
name = "fashion_mnist"
validation = "test"
train_count = 100
image_size = [28, 28]
normalization = "standard"
augmentation = [{ name = "random_crop", padding = 2 }, { name = "random_flip" }]
[model]
name = "from_layers"
layers = [{ name = "flatten" }, { name = "linear", out_features = 10 }]
[loss]
name = "softmax_cross_entropy"
l2 = 1e-4
[optimizer]
name = "sgd"
learning_rate = 0.1
momentum = 0.9
nesterov = true
[schedule]
name = "cosine"
warmup_epochs = 1.0
[training]
epochs = 2
clip_norm = 1.0
early_stopping = 3
"""


def idx(array: np.ndarray) -> bytes:
    """An IDX file of bytes, as the format's description has it."""
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def pickled(protocol: int, text: type = str) -> bytes:
    """A batch as CIFAR-10's Python version holds it."""
    keys = ("data", "labels", "batch_label", "filenames")
    values = (PICTURES, LABELS.tolist(), "batch 1 of 5", ["a.png", "b.png"])
    named = zip(keys, values, strict=True)
    batch = {key if text is str else key.encode(): value for key, value in named}
    return pickle.dumps(batch, protocol)


def tar(*names: str) -> bytes:
    """A tar of small members with these names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name in names:
            about = tarfile.TarInfo(name)
            about.size = 5
            packed.addfile(about, io.BytesIO(b"alpha"))
    return buffer.getvalue()


def drawn() -> list[bytes]:
    """One small picture in each format and kind of pixels."""
    grey = Image.fromarray(PIXELS[0])
    colours = Image.fromarray(PICTURES[0, :72].reshape(4, 6, 3))
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    return [
        saved(grey, "png"),
        saved(colours.convert("P"), "png", transparency=0),
        saved(colours.convert("RGBA"), "png"),
        saved(Image.fromarray(PIXELS[0].astype(np.uint16) << 6), "png"),
        saved(colours, "jpeg", exif=turned),
        saved(colours.convert("CMYK"), "jpeg", progressive=True),
        saved(colours, "bmp"),
        saved(colours, "webp", lossless=True),
    ]


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture's file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def zipped(method: int) -> bytes:
    """A zip of two pictures and a text."""
    picture, buffer = saved(Image.fromarray(PIXELS[0]), "png"), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name in ("cat/a.png", "dog/b.png"):
            packed.writestr(name, picture)
        packed.writestr("notes.txt", "no picture")
    return buffer.getvalue()


def studies() -> list[bytes]:
    """Rows of the package's own studies."""
    root = files("handgrad.studies") / "experiments"
    return [root.joinpath(f"{name}.toml").read_bytes() for name in STUDIES]


def seeds() -> dict[str, list[bytes]]:
    """Sound files by the name of their parser."""
    images, labels = idx(PIXELS), idx(LABELS)
    rows = np.concatenate([LABELS[:, None], PICTURES], axis=1).tobytes()
    step = {"kind": "step", "step": 1, "epoch": 1, "loss": 2.5, "gradient_norm": None}
    outcome = {
        "trial": {"kind": "inspection", "seed": 0, "name": "x", "options": {}},
        "status": "done",
        "reason": None,
        "metrics": {"test_loss": 0.25, "train_loss": 0.5},
        "curves": {"train_loss": [0.75, 0.5]},
        "seconds": 1.5,
        "environment": {"handgrad": "0", "python": "3", "processor": "", "cores": 2},
    }
    line = json.dumps(step).encode() + b"\n"
    named = {name: [len(held), sha256(held).hexdigest()] for name, held in RUN.items()}
    others = tar("x", "./set/b.bin", "set/a.bin")
    members = tar("set/a.bin", "set/b.bin")
    return {
        "idx": [images, labels],
        "idx_gzip": [images, labels, gzip.compress(images)],
        "cifar10_binary": [rows, rows[:3073]],
        "cifar10_pickle": [
            *(pickled(protocol) for protocol in (2, 3, 4)),
            pickled(2, bytes),
        ],
        "archive": [members, gzip.compress(members), others],
        "picture": drawn(),
        "pictures": [zipped(zipfile.ZIP_STORED), zipped(zipfile.ZIP_DEFLATED)],
        "configuration": [SETTINGS, RunConfig().to_toml().encode()],
        "experiment": studies(),
        "sweep": [SWEEP],
        "claim": list(CLAIMS),
        "manifest": [manifest_of(named)],
        "sealed_manifest": [json.dumps(named).encode()],
        "metrics": [line, line * 3, line + line[:20]],
        "ledger": [json.dumps(outcome, indent=1).encode()],
        "pointer": [checkpoint()["last.json"]],
        "position": [sound_position()],
        "state": [sound_state()],
        **format_seeds(),
    }
