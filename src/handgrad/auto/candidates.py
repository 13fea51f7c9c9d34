"""The networks that a plan chooses from, cheapest first, and the recipe of each.

The epochs follow from the time, see `plan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from handgrad.arrays import Pair
from handgrad.augmentation.presets import PRESETS, expanded
from handgrad.auto.facts import Facts, per_class
from handgrad.names import known_name

SMALL = 40  # pixels: the longest shorter side that is kept as it is
SMALL_SIDE = 32  # pixels, for the cheapest networks
USUAL_SIDE = 64  # pixels, of a square with as many pixels as a small elongated image
ELONGATED = 2  # ratio of the sides
FEW, SOME, MANY = 300, 1000, 20_000  # images
MIRROR, CROP, TURN = "random_flip", "random_resized_crop", "random_rotate90"
SHIFT = "random_crop"
RESNET, AIRBENCH, VGG = "resnet", "airbench", "vgg"
USUAL_BATCH = 64  # images of a step, which the learning rates suit
LARGE_BATCH = 128  # of many images, whose steps are enough; a fifth faster
MOST_HELD_OUT = 2500  # images for validation
# smoothing keeps the epoch with the lowest loss from coming before the most accurate
LOSS = {"name": "softmax_cross_entropy", "label_smoothing": 0.1}
MUON: dict[str, Any] = {"name": "muon"}  # for its learning rate see `plan`
ADAMW = {"name": "adamw", "learning_rate": 0.003, "weight_decay": 0.05}
PARTS = (1.0, 0.8)  # of the sides, seen in prediction: the sizes seen in training


@dataclass(frozen=True)
class Candidate:
    """A network of the catalogue with its options, and its image size.

    Units
        side  side length of the images in pixels; None leaves them as they are
        part  epochs that this one needs, relative to `plan.least_epochs`
    """

    network: tuple[tuple[str, Any], ...]
    side: int | None = None
    part: float = 1.0

    @property
    def model(self) -> dict[str, Any]:
        """The table of the network."""
        return {name: _listed(value) for name, value in self.network}

    def image_size(self, facts: Facts) -> Pair | None:
        """(height, width) to resize to; None if the images stay as they are.

        Elongated images keep their aspect ratio, since a square would lose their ends.
        """
        if facts.is_fixed or not facts.is_image:
            return None
        _, height, width = facts.shape
        if max(height, width) > ELONGATED * facts.side:
            scale = min(1.0, (self.side or USUAL_SIDE) / sqrt(height * width))
            return (max(1, round(scale * height)), max(1, round(scale * width)))
        if self.side is None:
            return (height, width)
        side = min(self.side, facts.side)
        return (side, side)


def _network(name: str, **options: Any) -> tuple[tuple[str, Any], ...]:
    return (("name", name), *options.items())


def _listed(value: Any) -> Any:
    """The value with lists for tuples, as TOML has them."""
    return [*map(_listed, value)] if isinstance(value, tuple) else value


BETTER = 0.4  # the smallest network with batch norm exceeds LeNet after few epochs
LENET = _network("lenet", activation="relu", pooling="max", initializer="he_normal")
LEAST_SIDE = 12  # pixels, for the two poolings of LeNet
LEAST_SHIFTED = 6  # pixels, below which a shift loses much of an image
MLP = Candidate(_network("mlp", hidden_sizes=(128,)))
VECTORS = (MLP, Candidate(_network("mlp", hidden_sizes=(512, 256))))
TINY_IMAGES = (
    Candidate(LENET),
    Candidate(_network(RESNET, channels=(8, 16, 32)), part=BETTER),
    Candidate(_network(RESNET, channels=(16, 32, 64))),
    Candidate(_network(RESNET, channels=(32, 64, 128))),
)
SMALLEST = 24  # pixels, from which on the three stages of airbench suit an image
PATCHES = 32  # on a side of the image, to which larger images are reduced
WIDTHS = ((16, 32, 64), (32, 64, 128), (32, 128, 128), (64, 256, 256))
FILLED = 32  # channels, which matrix units take; the filters are 24, and eight random
DEEP = _network(
    VGG, channels=((32, 64), (64, 128), (128, 256), (256,)), pool_early=True
)
WIDER = 3.0  # in the same time, wider networks recognise no more of few photographs


def _airbench(channels: tuple[int, ...], side: int) -> tuple[tuple[str, Any], ...]:
    """The network for images of this side length."""
    stride = max(1, round(side / PATCHES))
    patches = {"patch_size": stride, "patch_stride": stride} if stride > 1 else {}
    if channels[0] >= 2 * FILLED:  # where they cost little without a matrix unit
        patches["patch_channels"] = FILLED
    return _network(AIRBENCH, channels=channels, **patches)


def _of_photographs(small: int, side: int) -> Sequence[Candidate]:
    """The candidates for photographs: the cheap ones for `small`, others for `side`."""
    return (
        Candidate(LENET, small),
        Candidate(_airbench(WIDTHS[0], small), small, BETTER),
        Candidate(_airbench(WIDTHS[1], side), side),
        *(Candidate(_airbench(widths, side), side, WIDER) for widths in WIDTHS[2:]),
    )


SMALL_AIRBENCH = _airbench(WIDTHS[0], SMALL_SIDE)
PHOTOGRAPHS = _of_photographs(SMALL_SIDE, USUAL_SIDE)


def _of_any_size(side: int, facts: Facts) -> Sequence[Candidate]:
    """The candidates for images that keep their size.

    The largest is `vgg` for many photographs, with which whitened patches gain little.
    """
    first, *rest = [Candidate(_airbench(widths, side)) for widths in WIDTHS]
    if facts.images >= MANY and not facts.are_characters:
        rest[-1] = Candidate(DEEP)
    return (Candidate(LENET), replace(first, part=BETTER), *rest)


def candidates_for(facts: Facts, size: Pair | None = None) -> Sequence[Candidate]:
    """The candidates for these images, cheapest first.

    `size` is the size that the images are to be resized to, if it is given.

    Shapes
        size  (height, width)
    """
    if not facts.is_image:
        return VECTORS
    side = facts.side if size is None else min(size)
    if side < LEAST_SIDE:
        return (MLP, *TINY_IMAGES[1:])
    if facts.is_fixed or side <= SMALL:
        return TINY_IMAGES if side < SMALLEST else _of_any_size(side, facts)
    return PHOTOGRAPHS if size is None else _of_photographs(side, side)


def recipe(
    facts: Facts,
    candidate: Candidate,
    batch: int | None = None,
    size: Pair | None = None,
) -> dict[str, dict[str, Any]]:
    """The settings of a run with this candidate, without the number of epochs.

    `batch` is the number of images of a step, by default `batch_size`; `size` is that
    of the images, by default the candidate's.

    Shapes
        size  (height, width)
    """
    size = size or candidate.image_size(facts)
    dataset: dict[str, Any] = {
        "normalization": "standard",
        "augmentation": augmentation(facts, size),
    }
    if size is not None:
        dataset["image_size"] = list(size)
        if facts.are_characters:  # which have strokes up to their ends
            dataset["fit"] = "pad"
    if not facts.has_validation:
        dataset["validation"] = validation(facts)
    batch = batch or batch_size(facts)
    is_deep = candidate.model["name"] in (RESNET, AIRBENCH, VGG)
    return {
        "dataset": dataset,
        "model": candidate.model,
        "loss": dict(LOSS),
        "optimizer": dict(MUON if is_deep else ADAMW),
        "schedule": {"name": "cosine"},
        "training": {"batch_size": batch, "checkpoint_seconds": 20.0},
    }


def prediction(facts: Facts, augmentation: Any) -> dict[str, Any]:
    """The settings of prediction that suit an augmentation.

    The mirror image is averaged only if training shows it and keeps its class.
    """
    known = (CROP, MIRROR, SHIFT)
    names = {known_name(row.get("name"), known) for row in expanded(augmentation)}
    found: dict[str, Any] = {}
    if MIRROR in names and is_mirrored(facts):
        found["with_flip"] = True
    if CROP in names:  # it enlarges what it shows
        found["center_crop"] = [*PARTS]
    elif SHIFT in names:
        found["shift"] = 1
    return found


def is_mirrored(facts: Facts) -> bool:
    """Whether augmentation and prediction use the mirror image."""
    return facts.is_image and not facts.why_not_mirrored


def augmentation(facts: Facts, size: Pair | None = None) -> list[dict[str, Any]]:
    """The augmentations that keep the meaning of the images.

    Shapes
        size  (height, width) of the images, by default theirs
    """
    if not facts.is_image:
        return []
    if not facts.are_characters and min(size or facts.shape[1:]) < LEAST_SIDE:
        return weak_augmentation(facts, size or facts.shape[1:])
    rows = PRESETS["digits" if facts.are_characters else "objects"]
    chosen = [dict(row) for row in rows if row["name"] != MIRROR]
    chosen[1:1] = turns(facts, size or facts.shape[1:])
    if facts.are_characters and facts.shape[0] == 3:
        chosen.append({"name": "color_jitter"})
    return chosen


def turns(facts: Facts, size: Sequence[int]) -> list[dict[str, Any]]:
    """The flips and rotations by quarter turns that keep the class of an image.

    Shapes
        size  (height, width)
    """
    found = [{"name": MIRROR}] if is_mirrored(facts) else []
    return [*found, {"name": TURN}] if is_turned(facts, size) else found


def is_turned(facts: Facts, size: Sequence[int]) -> bool:
    """Whether augmentation turns images of this size (height, width) by quarters."""
    found = facts.symmetry is not None and facts.symmetry.keeps_turned
    is_square = size[0] == size[1]
    return found and is_square and is_mirrored(facts) and not facts.are_characters


def weak_augmentation(facts: Facts, size: Sequence[int]) -> list[dict[str, Any]]:
    """The augmentations for few epochs, in which a network does not overfit.

    They are those of images too small to hide or enlarge a part, too.

    Shapes
        size  (height, width) of the images
    """
    if not facts.is_image or facts.are_characters:
        return augmentation(facts)
    rows = turns(facts, size)
    if min(size) < LEAST_SHIFTED:
        return rows
    rows.insert(0, {"name": SHIFT, "padding": max(1, min(size) // 14)})
    if facts.images >= MANY and SMALLEST <= min(size) <= SMALL:
        rows.append({"name": "cutout", "size": min(size) // 4})
    return rows


def validation(facts: Facts) -> float | str:
    """The images to validate on, or their part; "none" for too few of a class."""
    if per_class(facts) < 5:
        return "none"
    if facts.images > 10 * MOST_HELD_OUT >= 50 * len(facts.counts):
        return MOST_HELD_OUT
    return 0.2 if facts.images < SOME / 2 else 0.1


def batch_size(facts: Facts) -> int:
    """The images of a step: few where there are few, for enough steps."""
    if facts.images >= MANY:
        return LARGE_BATCH
    if facts.images < FEW:
        return 16
    return 32 if facts.images < SOME else USUAL_BATCH
