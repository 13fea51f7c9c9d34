"""An experiment as data: the question, the settings, the published numbers.

One TOML file is one row of a study, named after the file. The tables `dataset`,
`model`, `optimizer`, `schedule`, `loss`, `training` and `prediction` are those of a
run's configuration; everything else is defined here. Unknown keys are errors.
"""

from collections import Counter
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from handgrad.errors import ConfigError, unknown_name
from handgrad.parsing import read_toml
from handgrad.studies.claims import Claim, parse_claim
from handgrad.studies.table_validation import check_seeds, checked
from handgrad.studies.value_words import in_words
from handgrad.training.file_kinds import check_command
from handgrad.training.settings_table import RULES, Table

Size = Literal["quick", "full"]
SIZES: tuple[Size, ...] = ("quick", "full")
TABLES = (
    "dataset",
    "model",
    "optimizer",
    "schedule",
    "loss",
    "training",
    "prediction",
)
CURVES = (
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
)
METRICS = (  # of a training trial; a curve's own name is its last value
    *CURVES,
    *(f"lowest_{name}" for name in CURVES if name.endswith("_loss")),
    *(f"highest_{name}" for name in CURVES if name.endswith("_accuracy")),
    *(f"{name}_rises" for name in CURVES if name.endswith("_loss")),
    *(f"test_{name}" for name in ("loss", "accuracy", "precision", "recall", "f1")),
    "test_mistakes",
    "best_epoch",
    "epochs",
    "parameters",
    "seconds",
    "diverged",
)
MOST_VARIANTS = 10_000
ALONE = "main"  # the only variant of an experiment that varies nothing

Dotted = dict[str, Any]  # dotted key of the configuration -> value
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Seeds = Annotated[tuple[Seed, ...], Field(strict=False, min_length=1)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Options = dict[str, Any]


class _Table(BaseModel):
    model_config = RULES


class Variant(_Table):
    """One setting of the experiment: its name, and what it sets in the configuration.

    `quick` and `full` are applied last, each in its size only.
    """

    name: Annotated[str, Field(pattern=r"^[^()]+$")]
    set: Dotted = {}
    quick: Dotted = {}
    full: Dotted = {}


class SizeTable(_Table):
    """What differs in one size: seeds, settings, and `only` some of the variants."""

    seeds: Seeds | None = None
    set: Dotted = {}
    only: Texts = ()


class Published(_Table):
    """A published number.

    `kind` says which side is better: "accuracy" higher, "loss" lower, "value" neither.
    `epoch` takes the number from the curve instead of the end. `words` is the
    published wording where that was no number; `not_comparable` says why it cannot be
    compared.
    """

    name: Text
    metric: Text
    value: float
    epsilon: float = Field(gt=0)
    source: Text
    kind: Literal["accuracy", "loss", "value"] = "accuracy"
    variant: str | None = None
    epoch: Annotated[int, Field(ge=1)] | None = None
    words: str | None = None
    not_comparable: str | None = None


class Finding(_Table):
    """An expected result, in words and as a comparison to compute."""

    says: Text
    holds: Text
    sizes: Annotated[tuple[Size, ...], Field(strict=False)] = SIZES

    @property
    def claim(self) -> Claim:
        """The comparison."""
        return parse_claim(self.holds)


class RunTables(Table, BaseModel):
    """What the files of experiments and sweeps share: the tables of a run."""

    LATER = frozenset({"isa"})

    engine: Literal["plain", "cpu"] = "cpu"
    isa: Literal["avx2", "avx512", "amx", "amx-bf16"] | None = None
    test: Literal["last", "best"] = "last"
    dataset: Options = {}
    model: Options = {}
    optimizer: Options = {}
    schedule: Options = {}
    loss: Options = {}
    training: Options = {}
    prediction: Options = {}


class Experiment(RunTables):
    """One row of a study, read from a TOML file.

    Units
        question    what the experiment is to answer
        section     of the report
        kind        "training" or "inspection"
        notes       what the report does not specify, and what was chosen
        seeds       one trial of each variant for each seed
        engine      "cpu" or "plain"
        isa         instruction set of all trials; None: that of each process
        test        network to test: of the "last" epoch or the "best" one
        dataset, model, optimizer, schedule, loss, training, prediction
                    tables of the run's configuration, see `handgrad.training.RunConfig`
        inspection  name and options of an inspection
        sweep       dotted key to a list of values; every combination is a variant
        variants    or named variants, with what each sets
        quick, full  what differs in these two sizes of the study
        published   published numbers to compare with
        findings    statements to check by computation
    """

    question: Text
    section: str = ""
    kind: Literal["training", "inspection"] = "training"
    notes: Texts = ()
    seeds: Seeds = (0, 1, 2)
    inspection: Options = {}
    sweep: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    variants: Annotated[tuple[Variant, ...], Field(strict=False)] = ()
    quick: SizeTable = SizeTable()
    full: SizeTable = SizeTable()
    published: Annotated[tuple[Published, ...], Field(strict=False)] = ()
    findings: Annotated[tuple[Finding, ...], Field(strict=False)] = ()

    def size(self, size: Size) -> SizeTable:
        """What differs in this `size`, "quick" or "full"."""
        return self.quick if size == "quick" else self.full

    def seeds_of(self, size: Size) -> tuple[int, ...]:
        """The seeds of this `size`, "quick" or "full"."""
        return self.size(size).seeds or self.seeds

    def variants_of(self, size: Size) -> tuple[Variant, ...]:
        """The variants of this `size`; those of a sweep are named by their values."""
        everything = all_variants(self)
        only = self.size(size).only
        return tuple(v for v in everything if not only or v.name in only)


def all_variants(experiment: Experiment) -> tuple[Variant, ...]:
    """The named variants, or every combination of the sweep, or a single empty one."""
    from itertools import product

    if experiment.variants:
        return experiment.variants
    if not experiment.sweep:
        return (Variant(name=ALONE),)
    keys = list(experiment.sweep)
    return tuple(
        Variant.model_construct(  # a value may have parentheses
            name=", ".join(
                f"{key.rpartition('.')[2]}={in_words(value)}"
                for key, value in zip(keys, values, strict=True)
            ),
            set=dict(zip(keys, values, strict=True)),
        )
        for values in product(*experiment.sweep.values())
    )


def read_experiment(path: Path) -> Experiment:
    """Read one experiment from the TOML file at `path`.

    ConfigError for an unknown key, name or option, or an invalid value.
    """
    tables = read_toml(path)
    check_command("study run", tables, str(path))
    experiment = checked(Experiment, tables, str(path))
    check_names(experiment, str(path))
    return experiment


def check_names(experiment: Experiment, source: str) -> None:
    """ConfigError unless variant names are unique and every name used exists."""
    if experiment.variants and experiment.sweep:
        raise ConfigError(
            f"{source} has both [sweep] and [[variants]]. Keep one of them."
        )
    cells = prod(map(len, experiment.sweep.values()))
    if cells > MOST_VARIANTS:
        raise ConfigError(
            f"{source}: [sweep] has {cells} combinations; the maximum is "
            f"{MOST_VARIANTS}. Leave values out."
        )
    names = [variant.name for variant in all_variants(experiment)]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ConfigError(f"{source} names {twice[0]!r} twice. Rename one variant.")
    for size in SIZES:
        settings = len(experiment.variants_of(size))
        check_seeds(experiment.seeds_of(size), settings, source)
    for name in _variants_used(experiment, names, source):
        if name not in names:
            raise ConfigError(f"{source}: {unknown_name('variant', name, names)}")
    check_metrics(experiment, source)


def _variants_used(experiment: Experiment, names: list[str], source: str) -> list[str]:
    """Every variant that is referred to; ConfigError where a reference is missing.

    With a single variant no reference is needed.
    """
    wanted = [name for size in SIZES for name in experiment.size(size).only]
    for row in experiment.published:
        if row.variant is not None:
            wanted.append(row.variant)
        elif len(names) > 1:
            raise ConfigError(
                f"{source}: published {row.name!r} belongs to one of "
                f"{len(names)} variants. Add variant = {names[0]!r} or another."
            )
    for finding in experiment.findings:
        spoken = _claim_of(finding, source).variants
        wanted += [name for name in spoken if name]
        if len(names) > 1 and "" in spoken:
            raise ConfigError(
                f"{source}: {finding.holds!r} does not say which variant. "
                f"Write it like validation_loss({names[0]})."
            )
    return wanted


def _claim_of(finding: Finding, source: str) -> Claim:
    try:
        return finding.claim
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def check_metrics(experiment: Experiment, source: str) -> None:
    """ConfigError for a metric that training trials do not measure."""
    used = [(row.metric, row.epoch) for row in experiment.published]
    terms = [term for finding in experiment.findings for term in finding.claim.terms]
    used += [(term.metric, term.epoch) for term in terms]
    if experiment.kind == "inspection":  # has metrics of its own, and no epochs
        return
    for metric, epoch in used:
        known = METRICS if epoch is None else CURVES
        if metric not in known:
            raise ConfigError(f"{source}: {unknown_name('metric', metric, known)}")
