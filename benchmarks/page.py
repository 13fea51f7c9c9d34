"""What does the page of `handgrad ui` cost a training, and how long takes a click?

    python benchmarks/page.py [--seconds 30] [--runs 1000]

curves   share of a training's time that goes into its file of steps, at ten updates a
         second, without and with the gradient norms of layers
server   processor time of the server for a page that reads those updates ten times a
         second, as a share of this machine
clicks   milliseconds from a click in a table of many runs to the picture after it

Clicks need chromium and playwright, and are left out without them.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from handgrad.inspection.speed.race_report import machine
from handgrad.interop import live_log
from handgrad.training import config_from, start

UPDATES = 10  # a second
ROUNDS = 21
LENET = {"model": {"name": "lenet"}, "training": {"epochs": 100_000, "batch_size": 32}}
TINY = {"model": {"name": "softmax_regression"}, "training": {"epochs": 2}}
AFTER = """async (act) => {
  const began = performance.now();
  await act();
  await new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)));
  return performance.now() - began;
}"""
CLICKS = {
    "sort": "() => document.querySelector('.runs th:nth-child(2) button').click()",
    "filter": "() => { const f = document.querySelector('input[type=search]'); "
    "f.value = f.value ? '' : 'run-00'; f.dispatchEvent(new Event('input')); }",
    "choose": "() => document.querySelector('.runs tbody input').click()",
}


def curves(folder: Path, seconds: float, *, has_layers: bool) -> float:
    """The share of a training's time that goes into its file of steps."""
    live_log.PAUSE, live_log.PART = 1 / UPDATES, 0.0
    run = start(config_from(LENET), folder / "run")
    live = live_log.LiveLog(run, folder / "live.jsonl")
    if not has_layers:
        live.layers.next = float("inf")
    spent, began = 0.0, time.perf_counter()
    for record in run:
        before = time.perf_counter()
        live.add(record)
        now = time.perf_counter()
        spent += now - before
        if now - began > seconds:
            break
    return spent / (now - began)


def many_runs(folder: Path, count: int) -> Path:
    """A folder of runs that share the files of one."""
    first = folder / "runs" / "run-000"
    list(start(config_from(TINY), first))
    files = [path for path in first.iterdir() if path.is_file()]
    for number in range(1, count):
        other = folder / "runs" / f"run-{number:03d}"
        other.mkdir()
        for path in files:
            os.link(path, other / path.name)
    return folder / "runs"


def server_share(process: int, address: str, seconds: float) -> float:
    """Processor time of the server while a page reads, as a share of the machine."""
    about, used = psutil.Process(process), 0.0
    base, _, token = address.partition("/?token=")
    with httpx.Client(headers={"authorization": f"Bearer {token}"}) as client:
        client.get(f"{base}/api/runs/run-000/live")
        used, end = sum(about.cpu_times()[:2]), time.monotonic() + seconds
        while time.monotonic() < end:
            client.get(f"{base}/api/runs/run-000/live")
            time.sleep(1 / UPDATES)
    return (sum(about.cpu_times()[:2]) - used) / seconds / (psutil.cpu_count() or 1)


def clicks(address: str, count: int) -> dict[str, list[float]]:
    """Milliseconds of each kind of click, sorted, and of the first paint."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab: Any = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(address)
        tab.wait_for_timeout(3000)
        tab.reload()
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        found["first paint"] = [tab.evaluate(paint)]
        tab.goto(f"{address.partition('?')[0]}#/runs")
        tab.get_by_text(f"{count:,} of {count:,} runs").wait_for()
        tab.wait_for_timeout(3000)
        for name, act in CLICKS.items():
            times = [tab.evaluate(f"({AFTER})({act})") for _ in range(ROUNDS)]
            found[name] = sorted(times)
        browser.close()
    return found


def main() -> None:
    """Print all figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=float, default=30)
    words.add_argument("--runs", type=int, default=1000)
    asked = words.parse_args()
    print(machine(), f"load {os.getloadavg()[0]:.1f}", sep="\n")
    for has_layers in (False, True):
        with TemporaryDirectory() as folder:
            share = curves(Path(folder), asked.seconds, has_layers=has_layers)
        print(f"curves{', with layers' if has_layers else ''}: {share:.2%}")
    with TemporaryDirectory() as folder:
        runs = many_runs(Path(folder), asked.runs)
        command = [sys.executable, "-m", "handgrad", "ui", "--no-open", "--runs", runs]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        print(f"server: {server_share(server.pid, address, asked.seconds):.2%}")
        try:
            for name, times in clicks(address, asked.runs).items():
                print(f"{name}: median {median(times):.0f}, least {times[0]:.0f} ms")
        except ModuleNotFoundError:
            print("clicks: not measured, since playwright is not installed")
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
