"""Programs that together use every kernel."""

import ast
from pathlib import Path

from handgrad import catalog
from handgrad.augmentation import (
    ColorJitter,
    GaussianNoise,
    Mixup,
    RandomAffine,
    RandomFlip,
)
from handgrad.datasets.dataset import Split
from handgrad.engine import kernels
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.program import operations_of
from handgrad.inspection.speed.networks import NETWORKS as QUOTED
from handgrad.inspection.speed.networks import network as quoted
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import Muon
from handgrad.randomness import Key
from handgrad.training.augmented import augmented

from .by_rows import BY_ROWS, SKINNY
from .networks import NETWORKS, Settings, cpu_engine

SMALL = {**NETWORKS, **BY_ROWS, **SKINNY}
AUGMENTED = "convolution to linear"
CHANGES = [RandomFlip(), RandomAffine(), ColorJitter(), GaussianNoise(), Mixup(1)]
MODELS = {each.model for each in QUOTED.values()} | {"from_layers"}
CATALOGUE = [*QUOTED, *(name for name in catalog.MODELS if name not in MODELS)]


def catalogue_engine(name):
    """The engine of a network of the catalogue, for batches of 40."""
    chosen = quoted(name)
    return CpuEngine(
        *(chosen.build(), SoftmaxCrossEntropy(), chosen.build_optimizer()),
        chosen.normalization,
        input_shape=chosen.image_shape,
        batch_size=40,
        workers=2,
    )


def engines():
    """One of every network of the catalogue, and of small ones with every layer.

    One is trained by Muon, whose updates have kernels of their own.
    """
    yield from map(catalogue_engine, CATALOGUE)
    yield from (cpu_engine(network, workers=2) for network in SMALL.values())
    yield muon_engine(workers=2)[0]
    yield augmented_engine(SMALL[AUGMENTED], workers=2)[0]


def muon_engine(**options):
    """An engine that trains by Muon, and a batch."""
    network = SMALL[AUGMENTED]
    engine = cpu_engine(network, Settings(optimizer=Muon(0.1)), **options)
    return engine, network.batch(70)


def augmented_engine(network, **options):
    """An engine trained on a batch with every recorded operation, and that batch."""
    engine, batch = cpu_engine(network, **options), network.batch(70)
    split = Split(batch.images, batch.targets)
    batch = augmented(split, CHANGES, batch.rows, Key(0).at(1, batch.rows))
    engine.train_step(batch, 1)
    return engine, batch


def operations(engine):
    """Each operation of its programs, with its first and last tile, and workers."""
    programs = [engine.training.program]
    programs += [engine.prediction.program, engine.prediction.prepare]
    for program in programs:
        for found in operations_of(program.phases):
            yield (*found, program.workers)


def name_of(kernel):
    """The module and the name of a kernel's function."""
    return kernel.body.__module__.rpartition(".")[2], kernel.body.__name__


def declared_kernels():
    """Every function below `kernel_entry` in the kernels' sources."""
    return {
        (path.stem, node.name)
        for path in Path(kernels.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and is_entry(node)
    }


def is_entry(node):
    calls = [d.func for d in node.decorator_list if isinstance(d, ast.Call)]
    return any(isinstance(f, ast.Name) and f.id == "kernel_entry" for f in calls)
