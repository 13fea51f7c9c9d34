"""A study on the digits that takes seconds."""

from pathlib import Path

from handgrad.studies.library import read_study

ROW = """
question = "Does a larger learning rate learn faster?"
seeds = {seeds}
engine = "plain"

[dataset]
name = "digits"
image_size = [8, 8]
train_count = 200

[model]
name = "mlp"
hidden_sizes = [8]

[training]
epochs = {epochs}
batch_size = 40

[sweep]
"optimizer.learning_rate" = {rates}

[[published]]
name = "accuracy"
metric = "test_accuracy"
variant = "learning_rate={last:g}"
value = 0.5
epsilon = 0.5
source = "here"

[[findings]]
says = "the largest rate learns fastest"
holds = "train_loss(learning_rate={last:g}) < train_loss(learning_rate={first:g})"
"""


def write(folder, row="r1", *, rates=(0.01, 0.3), seeds=(0,), epochs=2):
    """Write a row into a folder of experiments; return the folder."""
    folder.mkdir(exist_ok=True)
    text = ROW.format(
        rates=list(rates),
        seeds=list(seeds),
        epochs=epochs,
        first=rates[0],
        last=rates[-1],
    )
    (folder / f"{row}.toml").write_text(text)
    return folder


def study(folder, **settings):
    """That folder as a study."""
    return read_study(Path(write(folder, **settings)))


def without_seconds(outcome):
    """What must be the same whenever a trial is run."""
    metrics = {k: v for k, v in outcome["metrics"].items() if k != "seconds"}
    rest = {k: outcome[k] for k in ("trial", "status", "reason", "curves", "sha256")}
    return {**rest, "metrics": metrics}
