"""Data augmentation: random changes of training images, as functions of a key."""

from handgrad.augmentation.augmentation import Augmentation
from handgrad.augmentation.cutout import Cutout
from handgrad.augmentation.flip_average import logits_with_flip
from handgrad.augmentation.random_crop import RandomCrop
from handgrad.augmentation.random_flip import RandomFlip

__all__ = ["Augmentation", "Cutout", "RandomCrop", "RandomFlip", "logits_with_flip"]
