"""Compare the training step with torch on the eight benchmark networks.

    python benchmarks/race_table.py [NETWORK ...] [--laps 15] [--channels-last]
        [--compile] [--isa avx2] [--json FILE]

Runs are interleaved, after checking that the losses match. With `--isa` both libraries
are limited to an instruction set. Requires the extra `torch`.
"""

import argparse
import json
import os
from pathlib import Path

from handgrad.engine.processor import hold_to
from handgrad.inspection.speed.networks import NETWORKS, network
from handgrad.inspection.speed.peaks import measure_peaks
from handgrad.inspection.speed.race import IMAGES, OURS, PEERS, Race, race
from handgrad.inspection.speed.race_report import machine, steadiness, values

HEADER = "| Network | against | threads | ms | ours, ms | ratio | quartiles | losses |"
RULE = "|---|---|---|---|---|---|---|---|"
TORCH = {  # environment variables of torch, oneDNN and MKL
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
    "avx512": {
        "ATEN_CPU_CAPABILITY": "avx512",
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "MKL_ENABLE_INSTRUCTIONS": "AVX512",
    },
}


def limit(isa: str | None) -> str:
    """Limit the instruction set, before torch is imported; return a description."""
    if isa is None:
        return "Both libraries use all instruction sets of the processor."
    hold_to(isa)
    os.environ |= TORCH[isa]
    how = ", ".join(f"{name}={value}" for name, value in TORCH[isa].items())
    return f"Both limited to {isa}: Handgrad by HANDGRAD_ISA={isa}, torch by {how}."


def rows(found: Race) -> list[str]:
    """One row of the table per peer."""
    lines, ours = [], found.laps.time(OURS)
    for peer, agreement in found.agreements.items():
        time, ratio = found.laps.time(peer), found.laps.ratio(peer, OURS)
        lines.append(
            f"| {found.network} | {peer} | {found.threads[peer]} "
            f"| {1e3 * time.median:.3f} | {1e3 * ours.median:.3f} "
            f"| {ratio.median:.2f} | {ratio.low:.2f} to {ratio.high:.2f} "
            f"| {agreement.worst:.0e} |"
        )
    return lines


def main() -> None:
    """Race the given networks, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--laps", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--lap-seconds", type=float, default=0.5)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--isa", choices=TORCH)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    wanted = zip(PEERS, (True, arguments.channels_last, arguments.compile), strict=True)
    peers = [peer for peer, is_wanted in wanted if is_wanted]
    how = limit(arguments.isa)
    print(f"{machine()}\n{how}")
    peaks = measure_peaks(arguments.workers)
    print(
        f"float32 matrix product {peaks.matrix_all / 1e9:.0f} GFLOP/s on "
        f"{peaks.workers} workers, {peaks.matrix_one / 1e9:.0f} on one.\n"
    )
    print(f"{HEADER}\n{RULE}", flush=True)
    results, notes = [], []
    for name in arguments.networks:
        found = race(
            network(name),
            batch_size=arguments.batch_size,
            workers=arguments.workers,
            laps=arguments.laps,
            peers=peers,
            images=arguments.images,
            lap_seconds=arguments.lap_seconds,
        )
        print("\n".join(rows(found)), flush=True)
        results.append(values(found))
        notes.append(f"{name}: {steadiness(found)}")
    print("", *notes, sep="\n")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
