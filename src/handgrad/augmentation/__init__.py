"""Data augmentation: random changes of training images, as functions of a key."""

from handgrad.augmentation.augmentation import Augmentation
from handgrad.augmentation.center import center_crop, logits_of_center
from handgrad.augmentation.color_jitter import ColorJitter
from handgrad.augmentation.cutmix import CutMix
from handgrad.augmentation.cutout import Cutout
from handgrad.augmentation.flip_average import logits_with_flip
from handgrad.augmentation.gaussian_noise import GaussianNoise
from handgrad.augmentation.mixup import Mixup
from handgrad.augmentation.random_affine import RandomAffine
from handgrad.augmentation.random_crop import RandomCrop
from handgrad.augmentation.random_erasing import RandomErasing
from handgrad.augmentation.random_flip import RandomFlip
from handgrad.augmentation.random_grayscale import RandomGrayscale
from handgrad.augmentation.random_resized_crop import RandomResizedCrop
from handgrad.augmentation.random_rotate90 import RandomRotate90
from handgrad.augmentation.random_vertical_flip import RandomVerticalFlip

__all__ = [
    "Augmentation",
    "ColorJitter",
    "CutMix",
    "Cutout",
    "GaussianNoise",
    "Mixup",
    "RandomAffine",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomGrayscale",
    "RandomResizedCrop",
    "RandomRotate90",
    "RandomVerticalFlip",
    "center_crop",
    "logits_of_center",
    "logits_with_flip",
]
