"""Data sets by name or from a folder or zip of images; splits and normalization."""

from handgrad.datasets.dataset import Dataset, Split
from handgrad.datasets.load import fetch, load
from handgrad.datasets.normalization import Normalization, normalization
from handgrad.datasets.picture_folder import PictureFolder
from handgrad.datasets.splits import split

__all__ = [
    "Dataset",
    "Normalization",
    "PictureFolder",
    "Split",
    "fetch",
    "load",
    "normalization",
    "split",
]
