"""Small sound files of `datasets.formats`: where fuzzing begins."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
from PIL import Image
from scipy.io import savemat

IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)
LABELS = np.arange(6) % 2


def npz() -> bytes:
    """An archive of images and labels."""
    buffer = io.BytesIO()
    np.savez(buffer, x_train=IMAGES, y_train=LABELS)
    return buffer.getvalue()


def mat(x: np.ndarray, *, packed: bool) -> bytes:
    """A MATLAB file of version 5."""
    buffer = io.BytesIO()
    savemat(buffer, {"X": x, "y": LABELS + 1}, do_compression=packed)
    return buffer.getvalue()


def pixel_csv() -> bytes:
    """A label and its pixels in each row."""
    pairs = zip(LABELS, IMAGES, strict=True)
    rows = [",".join(map(str, (label, *image.flat))) for label, image in pairs]
    return "\n".join(rows).encode()


def pixel_strings() -> bytes:
    """FER2013's columns."""
    usages = ["Training"] * 4 + ["PublicTest", "PrivateTest"]
    rows = [
        f"{label},{' '.join(map(str, image.flat))},{usage}"
        for label, image, usage in zip(LABELS, IMAGES, usages, strict=True)
    ]
    return "\n".join(["emotion,pixels,Usage", *rows]).encode()


def zipped() -> bytes:
    """A zip of rows of pixels and of what is no data."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/train.csv", pixel_csv())
        archive.writestr("set/readme.md", "text")
    return buffer.getvalue()


def shard() -> bytes:
    """A WebDataset tar of two pictures."""
    picture, buffer = io.BytesIO(), io.BytesIO()
    Image.fromarray(IMAGES[0]).save(picture, "png")
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number in range(2):
            for end, content in (("png", picture.getvalue()), ("cls", b"%d" % number)):
                member = tarfile.TarInfo(f"{number}.{end}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def format_seeds() -> dict[str, list[bytes]]:
    """Sound files by the name of their parser."""
    colours = np.stack([IMAGES.transpose(1, 2, 0)] * 3, axis=2)
    grey = IMAGES.transpose(1, 2, 0)[:, :3]
    return {
        "npz": [npz()],
        "mat5": [mat(colours, packed=True), mat(grey, packed=False)],
        "pixel_csv": [pixel_csv(), gzip.compress(pixel_csv())],
        "pixel_strings": [pixel_strings()],
        "data_zip": [zipped(), npz()],
        "tar_shards": [shard()],
    }
