"""A small trained network as a subject of inspections, made without a run."""

from handgrad.models import softmax_regression
from handgrad.training import TrainedNetwork, config_from
from handgrad.training.resolved_config import ResolvedConfig

SHAPE = (1, 3, 4)


def fitted(class_names=("a", "b", "c"), loss="multiclass_svm", **resolved):
    """Softmax regression on 1 x 3 x 4 bytes, by default with the SVM loss."""
    tables = {
        "engine": "plain",
        "model": {"name": "softmax_regression"},
        "loss": {"name": loss},
    }
    known = ResolvedConfig(
        input_shape=SHAPE,
        class_names=class_names,
        mean=(0.5,),
        std=(0.5,),
        dataset_sha256="",
        train_images=1,
        validation_images=0,
        **resolved,
    )
    model = softmax_regression(input_shape=SHAPE, classes=len(class_names), seed=3)
    config = config_from(tables).model_copy(update={"resolved": known})
    return TrainedNetwork(model, config)
