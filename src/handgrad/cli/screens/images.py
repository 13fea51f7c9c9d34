"""The images of a run in words: number, source, and what was left out."""

from handgrad.datasets import Dataset
from handgrad.datasets.deep_images import white_in_words
from handgrad.datasets.image_files import in_words
from handgrad.text import nearly_equal, quoted
from handgrad.training.config import RunConfig


def images_in_words(config: RunConfig, dataset: Dataset) -> list[str]:
    """Number and source of training, validation and test images; what was left out."""
    resolved, sources = config.resolved, dataset.sources
    assert resolved is not None
    counts = [_count(resolved.train_images, "training images", sources.get("train"))]
    if resolved.validation_images:
        source = _validation_source(config, dataset)
        counts.append(_count(resolved.validation_images, "validation", source))
    if dataset.test is not None:
        counts.append(_count(len(dataset.test), "test", sources.get("test")))
    elif "test" in sources:
        counts.append(f"no test images ({sources['test']})")
    lines = [", ".join(counts)]
    unused = dataset.validation is not None and config.dataset.validation != "folder"
    left = [*dataset.left, *([sources.get("validation", "")] if unused else [])]
    if left:
        lines.append(f"not used: {', '.join(left)}")
    for names in nearly_equal(dataset.class_names):
        similar = ", ".join(map(quoted, names))
        lines.append(f"classes whose names hardly differ: {similar}")
    if dataset.bit_depth is not None:
        lines.append(white_in_words(dataset.bit_depth))
    if dataset.passed_over:
        lines.append(in_words(dataset.passed_over))
    return lines


def _count(count: int, purpose: str, source: str | None) -> str:
    return f"{count:,} {purpose}" + (f" ({source})" if source else "")


def _validation_source(config: RunConfig, dataset: Dataset) -> str:
    wanted = config.dataset.validation
    if wanted == "folder":
        return dataset.sources.get("validation", "its own")
    if wanted == "test":
        return "the test images"
    share = f"{wanted:.3g} of" if isinstance(wanted, float) and wanted < 1 else "out of"
    return f"{share} the training images"
