"""The options of `handgrad train` on the run: engine, folder, weights, saving."""

from pathlib import Path
from typing import Annotated

from handgrad.cli.options import RUN, flag, option

Engine = Annotated[
    str | None, option("Engine: cpu (fast) or plain (readable).", RUN, default="cpu")
]
Isa = Annotated[
    str | None,
    option(
        "Instruction set: avx2, avx512 or amx; bit-identical results on all processors "
        "that have it.",
        RUN,
        default="the largest of the processor",
    ),
]
RunFolder = Annotated[
    Path | None,
    option("New folder for the run.", RUN, name="--run", default="a new one in runs/"),
]
Resume = Annotated[
    Path | None,
    option(
        "Run folder to resume: a stopped run, or any run with more --epochs.",
        RUN,
        metavar="RUN",
    ),
]
StartFrom = Annotated[
    Path | None,
    option(
        "Run or saved network whose weights to start from.", RUN, metavar="RUN|FILE"
    ),
]
CheckpointSeconds = Annotated[
    float | None,
    option("Seconds between two checkpoints within an epoch.", RUN, default="60"),
]
OnFailedSave = Annotated[
    str | None,
    option(
        "On a failed save: stop, or continue and retry at the next checkpoint.",
        RUN,
        default="stop",
        metavar="WHAT",
    ),
]
Force = Annotated[
    bool,
    flag(
        "--force",
        says="Start even if the estimated memory exceeds what is free.",
        panel=RUN,
    ),
]
