"""Random changes of training images, each a function of a key."""

from handgrad.augmentation.augmentation import Augmentation
from handgrad.augmentation.cutout import Cutout
from handgrad.augmentation.random_crop import RandomCrop
from handgrad.augmentation.random_flip import RandomFlip

__all__ = ["Augmentation", "Cutout", "RandomCrop", "RandomFlip"]
