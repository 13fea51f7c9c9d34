"""`handgrad inspect`: numerics, gradients, layers and memory, with figures."""

import typer

from handgrad.cli.command import Command
from handgrad.cli.inspect_command import Inspection
from handgrad.cli.inspect_options import (
    DATA_DIR,
    DATASET,
    FIT,
    IMAGE,
    IMAGE_SIZE,
    IMAGES,
    MAYBE_RUN,
    OPTIMIZERS,
    REQUIRED,
    RUN,
    SEED,
    SETTINGS,
    WHERE,
    Epochs,
    Index,
    Layer,
    Names,
    Network,
    NetworkOrFile,
    Optimizer,
    Run,
    Side,
    Stride,
    Values,
    count,
    known_network,
    network_or_settings,
    numbers,
    option,
    parse_integers,
    unset,
    value,
)
from handgrad.cli.options import Workers

INSPECTIONS = (
    Inspection(
        "softmax_numerics",
        "Show float32 softmax over- and underflow, and the fix: subtract the maximum.",
        (numbers("sizes", "1,10,50,80,90,100,110,1e3,1e4,1e5"), SEED),
    ),
    Inspection(
        "activation_functions",
        "Show activation functions and their derivatives over a range of inputs.",
        (
            option("names", Names, read=lambda _, names: names or ()),
            value("low", -10.0, "Smallest input."),
            value("high", 10.0, "Largest input."),
        ),
    ),
    Inspection(
        "dropout_statistics",
        "Show zeros and means of dropout, in training and inference, by fraction kept.",
        (
            numbers("kept", "0.25,0.4,0.7"),
            value("mean", 10.0, "Mean of the inputs."),
            SEED,
        ),
    ),
    Inspection(
        "jacobians",
        "Show the six Jacobians of a two-layer perceptron, with gradient checks.",
        (MAYBE_RUN, IMAGE, DATASET, DATA_DIR),
        (option("show_values", Values, False),),
    ),
    Inspection(
        "gradient_flow",
        "Show gradient norms by layer of a run, or by depth of untrained networks.",
        (
            MAYBE_RUN,
            unset(numbers("depths", "1,2,3,5,8,12", parse_integers)),
            IMAGES,
            *WHERE,
        ),
    ),
    Inspection(
        "saturation",
        "Show saturated units by layer of a run, or by weight scale if untrained.",
        (
            MAYBE_RUN,
            value("bound", 0.01, "Threshold: units with a smaller |slope| saturate."),
            unset(numbers("scales", "0.01,0.03,0.1,0.3,1,3")),
            unset(
                value("activation", "sigmoid", "Activation of the untrained networks.")
            ),
            IMAGES,
            *WHERE,
        ),
    ),
    Inspection(
        "filters",
        "Show the weights of the first layer: norms, ranges and images.",
        (RUN,),
    ),
    Inspection(
        "feature_maps",
        "Show the outputs of every layer for one image.",
        (RUN, IMAGE, *WHERE),
    ),
    Inspection(
        "occlusion",
        "Show which parts of an image a prediction depends on, by hiding each.",
        (
            RUN,
            IMAGE,
            option("side", Side),
            option("stride", Stride),
            *WHERE,
        ),
    ),
    Inspection(
        "microscope",
        "Show the gradient of one weight as a sum of products, and the code for it.",
        (
            RUN,
            option("layer", Layer, REQUIRED),
            option(
                "weight",
                Index,
                REQUIRED,
                argument="index",
                read=lambda _, text: parse_integers("--weight", text),
            ),
            IMAGE,
            value("parameter", "weight", "Parameter of the layer: weight or bias."),
            *WHERE,
        ),
    ),
    Inspection(
        "learning_rate_finder",
        "Run a learning-rate range test and suggest a learning rate.",
        (
            option("model", NetworkOrFile, REQUIRED, read=network_or_settings),
            SETTINGS,
            DATASET,
            option("optimizer", Optimizer),
            value("low", 1e-5, "First learning rate."),
            value("high", 10.0, "Last learning rate."),
            value("steps", 400, "Number of steps."),
            value("batch_size", 64, "Images per step."),
            unset(
                value(
                    "normalization",
                    "unit",
                    "As in handgrad train: unit, half or standard.",
                )
            ),
            IMAGE_SIZE,
            FIT,
            SEED,
            DATA_DIR,
        ),
        of_named=(("normalization", "unit"),),
    ),
    Inspection(
        "memory",
        "Show the memory of training and inference by role, predicted and measured.",
        (
            option("model", Network, REQUIRED, read=known_network),
            SETTINGS,
            DATASET,
            value("optimizer", "sgd", OPTIMIZERS),
            value("momentum", 0.0, "Momentum of sgd."),
            value("batch_size", 256, "Images per batch."),
            DATA_DIR,
        ),
    ),
    Inspection(
        "confusion",
        "Show the most frequent confusions and the confusion matrix.",
        (RUN, count("pairs", 10, "Number of confusions to list."), *WHERE),
    ),
    Inspection(
        "mistakes",
        "Show the wrong predictions with the highest probability.",
        (RUN, count("count", 24, "Number of mistakes to list."), *WHERE),
    ),
    Inspection(
        "reliability",
        "Show the accuracy of a network by its confidence, and the calibration error.",
        (RUN, count("bins", 15, "Number of bins."), *WHERE),
    ),
    Inspection(
        "labels",
        "Find wrong labels, near-duplicates and uniform images, by cross-validation.",
        (
            option("run", Run, REQUIRED),
            value("folds", 4, "Number of parts held out in turn."),
            option("epochs", Epochs),
            value("similarity", 0.99, "Correlation of near-duplicates, up to 1."),
            DATA_DIR,
            option("workers", Workers),
        ),
        has_files=True,
        announces=True,
    ),
)

inspect = typer.Typer(
    name="inspect",
    help="Inspect numerics, gradients, layers, memory and learning rates.",
    no_args_is_help=True,
)
for one in INSPECTIONS:
    inspect.command(one.name, help=one.help, cls=Command)(one.command())
