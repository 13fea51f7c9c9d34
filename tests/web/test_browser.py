"""The page in a real browser; skipped where there is no Chromium or playwright.

One long module, since its tests share a browser, and a server of 1,000 runs, which
start once for a module.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from handgrad.inspection.differentiable import in_float64
from handgrad.inspection.subject import as_inputs
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.training.build import normalization_of
from handgrad.training.trained_network import load

from .conftest import zip_of

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]
PLACES = ("data", "network", "train", "look", "draw", "runs", "studies", "take")
AXE = "axe-core@4.10.3"
AXE_RUN = 'axe.run({resultTypes: ["violations"], preload: false})'  # half of the time
STEPS = {  # what the other tabs of Look inside show
    "look?run=tiny&view=filters": "Weights of conv2d_1",
    "look?run=tiny&view=maps": "Outputs of each layer",
    "look?run=tiny&view=step": "conv2d_1: Conv2d",
}
WAIT = 60_000  # milliseconds; machines are shared
MARKUP = "<img src=x onerror=alert(1)>"


class Page:
    """A server of its own on a folder of runs."""

    def __init__(self, runs, port=0):
        words = [sys.executable, "-m", "handgrad", "ui", "--no-open", "--runs", runs]
        words += ["--port", str(port)] if port else []
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = self.process.stdout.readline().strip()
        self.base = self.address.partition("?")[0]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def runs(trained, tmp_path_factory):
    """`tiny`, and 999 more that share its files."""
    folder = tmp_path_factory.mktemp("browser") / "runs"
    shutil.copytree(trained, folder / "tiny")
    files = [path for path in (folder / "tiny").iterdir() if path.is_file()]
    for number in range(999):
        other = folder / f"run-{number:03d}"
        other.mkdir()
        for path in files:
            os.link(path, other / path.name)
    os.utime(folder / "tiny" / "config.toml")
    return folder


@pytest.fixture(scope="module")
def server(runs):
    found = Page(runs)
    yield found
    found.end()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--use-fake-device-for-media-stream",
            ],
        )
        yield found
        found.close()


@contextmanager
def opened(browser, server, **options):
    """A tab, signed in; it fails for an error in the console or another address.

    What the page showed is printed when it fails.
    """
    context = browser.new_context(
        **{"viewport": {"width": 1200, "height": 900}, **options}
    )
    context.set_default_timeout(WAIT)
    tab, bad = context.new_page(), []
    tab.on("pageerror", lambda error: bad.append(str(error)))
    tab.on("console", lambda one: bad.append(one.text) if is_bad(one) else None)
    tab.on(
        "request",
        lambda one: (
            None
            if one.url.startswith((server.base, "blob:", "data:"))
            else bad.append(one.url)
        ),
    )
    tab.goto(server.address)
    try:
        yield tab
        assert bad == []
    except Exception:
        print(tab.url, tab.locator("body").inner_text(), sep="\n")
        raise
    finally:
        context.close()


def is_bad(message):
    """Whether a message is an error, but that of a refused request, which is shown."""
    return message.type == "error" and "status of 4" not in message.text


def ready(tab, text):
    tab.get_by_text(text, exact=False).first.wait_for()


READY = {
    "data": "1,437 training images", "network": "multiply-adds", "train": "Finished.",
    "look": "images are right", "draw": "Nothing drawn yet", "runs": "1,000 of 1,000",
    "studies": "questions", "take": "Python script",
}  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1600, "light")])
def test_every_place_opens_and_fits(browser, server, width, scheme):
    size = {"width": width, "height": 900}
    with opened(browser, server, viewport=size, color_scheme=scheme) as tab:
        for place in PLACES:
            run = "" if place in ("data", "network", "runs", "studies") else "?run=tiny"
            tab.goto(f"{server.base}#/{place}{run}")
            ready(tab, READY[place])
            assert tab.locator("h1").count() == 1
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.locator(".problem").count() == 0
            shown = tab.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (shown == "rgb(255, 255, 255)") == (scheme == "light")


def test_a_network_is_built_with_the_keyboard(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/network")
        ready(tab, "201,578")
        channels = tab.get_by_label("channels").first
        channels.focus()
        tab.keyboard.press("Control+A")
        tab.keyboard.type("0")
        ready(tab, "out_channels of at least 1")
        tab.keyboard.press("Backspace")
        tab.keyboard.type("4")
        ready(tab, "4 \N{MULTIPLICATION SIGN} 28 \N{MULTIPLICATION SIGN} 28")
        tab.get_by_label("Remove layer 4", exact=True).focus()
        tab.keyboard.press("Enter")
        ready(tab, "put a Flatten layer before it")
        wrong = tab.locator(".layer.wrong")
        assert wrong.locator("select").first.input_value() == "linear"
        tab.reload()
        ready(tab, "put a Flatten layer before it")
        tab.get_by_label("Start from").select_option("lenet")
        ready(tab, "61,706")
        second = tab.context.new_page()
        second.goto(tab.url)
        ready(second, "61,706")
        assert (
            "conv2d(6, 5, padding=2)"
            in second.get_by_label("Python", exact=True).inner_text()
        )
        tab.go_back()
        ready(tab, "put a Flatten layer before it")


def test_a_thousand_runs_are_filtered_and_sorted(browser, server):
    with opened(browser, server) as tab:
        started = time.monotonic()
        tab.goto(f"{server.base}#/runs")
        ready(tab, "1,000 of 1,000 runs")
        assert time.monotonic() - started < 30  # generous: machines are shared
        tab.get_by_label("Filter").fill("run-00 test_accuracy>2")
        ready(tab, "0 of 1,000 runs")
        tab.get_by_label("Filter").fill("run-00 training.epochs=2")
        ready(tab, "10 of 1,000 runs")
        tab.get_by_role("button", name="run", exact=True).press("Enter")
        names = tab.locator(".runs tbody th").all_inner_texts()
        assert names == sorted(names, reverse=True)
        tab.get_by_role("button", name="run", exact=True).press("Enter")
        first = tab.locator(".runs tbody th").first
        sync_api.expect(first).to_have_text("run-000", timeout=WAIT)
        assert tab.evaluate("document.activeElement.textContent") == "run"
        tab.get_by_text("Choose none").click()
        for name in ("run-000", "run-001"):
            tab.get_by_label(f"Choose {name}").press("Space")
        ready(tab, "All settings are equal")
        curves = tab.locator(".line-chart path.series")
        sync_api.expect(curves).to_have_count(4, timeout=WAIT)
        tab.reload()
        ready(tab, "All settings are equal")
        chosen = tab.get_by_label("Choose run-001")
        sync_api.expect(chosen).to_be_checked(timeout=WAIT)


FILTERS = {
    "failed": 1,
    "state=failed": 1,
    "state != failed": 2,
    "adam": 1,
    "epochs<2": 1,
    "epochs <= 2": 3,
    "epochs": 0,
    "time<1": 1,
    "time >= 1 min": 1,
    "test_accuracy>=0.9": 2,
    "test_accuracy > 0.9": 1,
    "test accuracy>=90%": 2,
    "test accuracy = 97.00 %": 1,
    "parameters>100,000": 1,
    "training.epochs=2": 3,
    "optimizer.name=adam": 1,
    "optimizer.name != adam": 2,
    "learning_rate<0.01": 1,
    "two epochs > 1 adam": 1,
    "run=two": 1,
    'dataset.name="my own"': 1,
    "changed > 2000-01-01": 3,
    "epochs >": 3,
    "_accuracy": 0,
}


def test_the_filter_takes_words_and_comparisons_of_every_column(
    browser, trained, tmp_path
):
    config = (trained / "config.toml").read_text()
    for name, result in (
        ("one", {"test_accuracy": 0.9, "seconds": 0.5, "parameters": 100_000}),
        ("two", {"test_accuracy": 0.97, "seconds": 90, "parameters": 2 * 10**5}),
        ("three", None),
    ):
        (tmp_path / "runs" / name).mkdir(parents=True)
        text = config
        if name == "two":
            text = text.replace('name = "sgd"', 'name = "adam"')
            text = text.replace("learning_rate = 0.1", "learning_rate = 0.003")
            text = text.replace('"digits"', '"my own"')
        (tmp_path / "runs" / name / "config.toml").write_text(text)
        epoch = {"kind": "epoch", "epoch": 2 if result else 1}
        (tmp_path / "runs" / name / "metrics.jsonl").write_text(
            json.dumps(epoch) + "\n"
        )
        file = "result.json" if result else "non_finite.json"
        (tmp_path / "runs" / name / file).write_text(json.dumps(result or {}))
    server = Page(tmp_path / "runs")
    try:
        with opened(browser, server) as tab:
            tab.goto(f"{server.base}#/runs")
            ready(tab, "3 of 3 runs")
            field = tab.get_by_label("Filter")
            for text, count in FILTERS.items():
                field.fill(text)
                found = tab.locator(".runs tbody tr").count()
                assert (text, found) == (text, count)
            field.fill("accuracies > 1")
            ready(tab, "There is no column named accuracies.")
            field.fill("> 1")
            ready(tab, "Write the name of a column before >.")
    finally:
        server.end()


KEEP = """() => {
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => { window.kept = blob; return make.call(URL, blob); };
}"""


def numbers_of(tab, name):
    """The numbers of an array that the page shows, as its CSV button gives them.

    What the button saves is kept by `KEEP`: a browser allows ten downloads only.
    """
    tab.get_by_label(f"{name}: download the numbers as CSV", exact=True).click()
    lines = tab.evaluate("() => window.kept.text()").splitlines()[1:]
    return np.array([float(line.rpartition(",")[2]) for line in lines])


def reference(run, image):
    """The arrays of each layer of a run for a test image, by the layers in float64."""
    network = load(run)
    model = in_float64(network.model)
    digits = hg.datasets.load("digits", image_size=(8, 8))
    images = digits.test.images[image : image + 1]
    values = as_inputs(images, normalization_of(network.config)).astype(np.float64)
    found, caches = {}, {}
    for name, layer in model.layers.items():
        found[name] = {"inputs": values}
        values, caches[name] = layer.forward(values)
        found[name]["outputs"] = values
    targets = digits.test.targets[image : image + 1]
    gradient = (loss := SoftmaxCrossEntropy()).backward(
        loss.forward(values, targets)[1]
    )
    for name, layer in reversed(model.layers.items()):
        found[name]["d_outputs"] = gradient
        gradient, others = layer.backward(gradient, caches[name])
        found[name] |= {f"d_{each}": value for each, value in others.items()}
        found[name] |= {each: p.value for each, p in layer.parameters().items()}
        found[name]["d_inputs"] = gradient
    return found


@pytest.mark.parametrize("image", [3, 17])
def test_every_number_of_the_steps_is_that_of_the_layers(browser, server, runs, image):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=tiny&view=step&image={image}")
        tab.evaluate(KEEP)
        for name, arrays in reference(runs / "tiny", image).items():
            tab.locator("ol.steps button", has_text=name).click()
            ready(tab, f"{name}: ")
            for array, expected in arrays.items():
                scale = max(np.abs(expected).max(), 1e-12)
                shown = numbers_of(tab, array)
                np.testing.assert_allclose(
                    shown, np.ravel(expected), rtol=1e-5, atol=1e-5 * scale
                )
            for number in range(tab.get_by_text("Check the largest entry").count()):
                tab.get_by_text("Check the largest entry").nth(number).click()
                tab.locator(".hero", has_text="they agree").wait_for()
                text = tab.locator(".hero").inner_text().replace("\u2212", "-")
                own, numeric = (
                    float(re.search(rf"{words}\s+(\S+)", text)[1])
                    for words in ("written by hand", "finite difference")
                )
                key = ("d_weight", "d_bias")[number]
                largest = np.ravel(arrays[key])[np.abs(arrays[key]).argmax()]
                assert own == pytest.approx(largest, rel=1e-4)
                assert numeric == pytest.approx(largest, rel=1e-4)
                tab.locator(".hero").evaluate("one => one.remove()")


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core, of npm's registry."""
    folder = tmp_path_factory.mktemp("axe")
    words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run([*words, AXE], capture_output=True, timeout=60, check=False)
    path = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("npm or its registry cannot be reached: axe-core is missing")
    return path.read_text()


@pytest.mark.parametrize("place", [*PLACES, *STEPS])
def test_axe_reports_no_violations(browser, server, axe, place):
    """Narrow and wide, light and dark."""
    name, _, views = place.partition("?")
    with opened(browser, server, color_scheme="light") as tab:
        tab.goto(f"{server.base}#/{place if views else f'{place}?run=tiny'}")
        ready(tab, STEPS.get(place, READY[name]))
        tab.evaluate(axe)
        for width, scheme in product((400, 1280), ("light", "dark")):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.emulate_media(color_scheme=scheme)
            found = tab.evaluate(AXE_RUN)["violations"]
            seen = [(one["id"], one["nodes"][0]["html"]) for one in found]
            assert seen == [], (width, scheme)


def test_one_looks_inside(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=tiny")
        ready(tab, "images are right")
        cell = tab.get_by_label(re.compile("^3 predicted as 3: "))
        count = int(cell.inner_text())
        cell.press("Enter")
        ready(tab, f"3, correct: {count} images")
        tab.locator(".gallery a").first.click()
        ready(tab, "conv2d_1: Conv2d")
        tab.get_by_text("Check the largest entry").first.press("Enter")
        ready(tab, "finite difference")
        ready(tab, "written by hand")
        tab.get_by_role("button", name="Next layer").press("Enter")
        ready(tab, "relu_1: ReLU")
        address = tab.url
        tab.go_back()
        ready(tab, "images are right")
        tab.goto(address)
        ready(tab, "relu_1: ReLU")
        tab.get_by_role("button", name="Feature maps and saliency").click()
        tab.get_by_role("button", name="Hide each part").press("Enter")
        ready(tab, "lowers it by up to")


def test_a_row_of_a_study_is_run_and_reported(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/studies")
        tab.locator("section", has_text="csci581-e").locator("summary").click()
        tab.get_by_label("Run csci581-e e5, quick size").press("Enter")
        row = tab.locator("section", has_text="csci581-e").locator("li").nth(4)
        row.locator(".chip.finished").wait_for()
        with tab.expect_popup() as opening:
            tab.get_by_role("link", name="Open the report").click()
        ready(opening.value, "activation")


def stroke(tab, points):
    """Draw a line with the mouse; points are fractions of the canvas."""
    box = tab.locator("canvas.drawing").bounding_box()
    places = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points
    ]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=3)
    tab.mouse.up()


def test_one_draws_with_mouse_and_keys(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/draw?run=tiny")
        ready(tab, "Nothing drawn yet")
        stroke(tab, [(0.5, 0.2), (0.5, 0.8)])
        ready(tab, ", probability")
        assert tab.locator("canvas.seen").evaluate("c => [c.width, c.height]") == [8, 8]
        assert tab.locator(".bars tr").count() == 10
        tab.get_by_role("button", name="Undo").click()
        ready(tab, "Nothing drawn yet")
        tab.locator("canvas.drawing").focus()
        for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight"):
            tab.keyboard.press(key)
        ready(tab, ", probability")
        tab.get_by_label("Image file").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
        )
        ready(tab, "This image is none of")
        tab.get_by_role("button", name="Example").click()
        ready(tab, ", probability")


def test_the_camera_takes_the_place_of_the_drawing(browser, server):
    with opened(browser, server, permissions=["camera"]) as tab:
        tab.goto(f"{server.base}#/draw?run=tiny")
        ready(tab, "Nothing drawn yet")
        tab.get_by_role("button", name="Use the camera").click()
        ready(tab, ", probability")
        tab.get_by_role("button", name="Draw instead").click()
        ready(tab, "Nothing drawn yet")
        tab.goto(f"{server.base}#/data")
        ready(tab, "1,437 training images")
        tab.get_by_label("Name").fill("Photographs")
        tab.get_by_role("button", name="Draw a new data set").click()
        tab.get_by_role("button", name="Use the camera").click()
        tab.get_by_role("img", name="What the camera sees").wait_for()
        for label in ("first", "second"):
            tab.get_by_label("New class").fill(label)
            tab.get_by_role("button", name="Add a photograph to a new class").click()
            ready(tab, f"Added to {label}: 1.")
            tab.get_by_role("button", name=f"Add a photograph to {label}").click()
            ready(tab, f"Added to {label}: 2.")
        tab.get_by_role("button", name="Show what training will read").click()
        ready(tab, "4 training images of 3")
        tab.get_by_role("button", name="Use the camera").wait_for()


PASTE = """async () => {
    const canvas = document.createElement('canvas');
    canvas.width = 90;
    canvas.getContext('2d').fillStyle = '#c03020';
    canvas.getContext('2d').fillRect(0, 0, 90, 150);
    const blob = await new Promise((done) => canvas.toBlob(done));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([blob], 'x.png', { type: 'image/png' }));
    dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
}"""
MIDDLE = "c => [...c.getContext('2d').getImageData(140, 140, 1, 1).data]"


def test_a_pasted_picture_is_added_to_a_class(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/data")
        ready(tab, "1,437 training images")
        tab.get_by_label("Name").fill("Pasted")
        tab.get_by_role("button", name="Draw a new data set").click()
        ready(tab, "Images of Pasted")
        tab.evaluate(PASTE)
        tab.get_by_label("New class").fill("red")
        drawing = tab.locator("canvas.drawing")
        while drawing.evaluate(MIDDLE) != [192, 48, 32, 255]:
            tab.wait_for_timeout(50)
        tab.get_by_role("button", name="Add the drawing to a new class").click()
        ready(tab, "Added to red: 1.")
        tab.get_by_role("button", name="Remove the last image of red").click()
        ready(tab, "The last image of red is removed.")
        tab.on("dialog", lambda dialog: dialog.accept())
        tab.get_by_role("button", name="Remove this data set").click()
        ready(tab, "Pasted is removed.")


def test_a_refused_camera_leaves_the_drawing(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/draw?run=tiny")
        ready(tab, "Nothing drawn yet")
        tab.get_by_role("button", name="Use the camera").click()
        ready(tab, "The browser does not let this page use the camera.")
        stroke(tab, [(0.5, 0.2), (0.5, 0.8)])
        ready(tab, ", probability")


@pytest.fixture
def some(trained, tmp_path):
    """A folder with two runs, and a server for it."""
    folder = tmp_path / "some"
    for name in ("tiny", "other"):
        shutil.copytree(trained, folder / name)
    found = Page(folder)
    yield found, folder
    found.end()


def problem(tab, text):
    tab.locator(".problem", has_text=text).first.wait_for()


@pytest.mark.parametrize("place", ["look", "draw", "take"])
def test_no_other_run_takes_the_place_of_one_that_cannot_be_used(browser, some, place):
    server, folder = some
    for name, file in (("begun", None), ("broken", "non_finite.json")):
        (folder / name).mkdir()
        shutil.copy(folder / "tiny" / "config.toml", folder / name)
        if file:
            (folder / name / file).write_text("{}")
    with opened(browser, server) as tab:
        for name, why in (
            ("lenet-digits-4", "there is no such folder here"),
            ("begun", "no epoch of it has ended yet"),
            ("broken", "it failed before its first epoch ended"),
        ):
            tab.goto(f"{server.base}#/{place}?run={name}")
            problem(tab, f"There is no usable run named {name}: {why}")
            assert tab.get_by_label("Network").input_value() == ""
            assert tab.get_by_role("button", name="Download").count() == 0
        tab.get_by_label("Network").select_option("other")
        ready(tab, {**READY, "take": "Python script"}[place])
        assert tab.url.endswith("run=other")
        assert tab.locator(".problem").count() == 0
        shutil.rmtree(folder / "other")
        tab.reload()
        problem(tab, "There is no usable run named other")
        assert tab.url.endswith("run=other")


def test_a_run_that_is_gone_leaves_the_form_of_train(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/train?run=gone")
        problem(tab, "There is no run with this handle")
        ready(tab, "The same as a file, for the command line")
        tab.get_by_role("heading", name="gone").wait_for()


def test_data_that_are_gone_are_named(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/network?data=data-0")
        problem(tab, "no data set with this handle")
        ready(tab, "201,578")
        tab.goto(f"{server.base}#/train?run=tiny&data=data-0")
        problem(tab, "no data set with this handle")
        assert tab.get_by_label("Data").input_value() == "data-0"


def focused(tab):
    """The name of the control that has the focus."""
    one = "document.activeElement"
    return tab.evaluate(f"{one}.getAttribute('aria-label') ?? {one}.textContent")


def press(tab, name):
    """Press Enter where the focus is, on a control of this name."""
    assert focused(tab) == name
    tab.keyboard.press("Enter")


def test_the_focus_stays_on_the_control_that_steps_on(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=tiny&view=step")
        ready(tab, "conv2d_1: Conv2d")
        tab.get_by_role("button", name="Next", exact=True).focus()
        for number in (1, 2, 3):
            press(tab, "Next")
            tab.get_by_label(re.compile(f"^Image {number}, ")).wait_for()
        tab.get_by_role("button", name="Previous").focus()
        press(tab, "Previous")
        tab.get_by_label(re.compile("^Image 2, ")).wait_for()
        assert focused(tab) == "Previous"
        tab.get_by_label("Image", exact=True).fill("359")
        tab.keyboard.press("Enter")
        tab.get_by_label(re.compile("^Image 359, ")).wait_for()
        assert tab.evaluate("document.activeElement.type") == "number"
        assert tab.get_by_role("button", name="Next", exact=True).is_disabled()
        tab.get_by_role("button", name="Next layer").focus()
        for text in ("relu_1: ReLU", "flatten_1: Flatten", "linear_1: Linear"):
            press(tab, "Next layer")
            ready(tab, text)
        press(tab, "Next layer")  # the last one: the focus goes on to its neighbour
        ready(tab, "loss:")
        press(tab, "Layer before")
        ready(tab, "linear_1: Linear")


@pytest.mark.parametrize("view", ["step", "maps"])
@pytest.mark.parametrize("image", ["-5", "2.7", "abc", "360", "9999999999"])
def test_an_image_that_is_not_there_can_be_corrected(browser, server, view, image):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=tiny&view={view}&image={image}")
        problem(tab, "images have whole numbers from 0 to 359")
        field = tab.get_by_label("Image", exact=True)
        assert field.get_attribute("max") == "359"
        field.fill("5")
        field.press("Enter")
        tab.get_by_label(re.compile("^Image 5, ")).wait_for()
        assert tab.locator(".problem").count() == 0


@pytest.mark.parametrize(
    "state", ["view=xyz", "view=toString", "split=xyz", "cell=a,b", "cell=99,1"]
)
def test_an_unknown_state_of_an_address_shows_the_confusion_matrix(
    browser, server, state
):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=tiny&{state}")
        ready(tab, "test images are right")
        tab.get_by_role("region", name="Confusion matrix").wait_for()
        assert tab.locator(".problem").count() == 0


def test_an_unknown_step_or_row_of_an_address_is_no_error_of_the_browser(
    browser, server
):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=tiny&view=step&step=1.5")
        ready(tab, "relu_1: ReLU")
        for place in ("network", "train"):
            for rows in ("xyz", "1", "[null]", "[{}]"):
                tab.goto(f"{server.base}#/{place}?run=tiny&rows={rows}")
                problem(tab, "The layers in the address are damaged")


def test_a_run_without_test_images_shows_those_it_was_trained_on(browser, some):
    server, folder = some
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    options = {"validation": None, "epochs": 2, "run": folder / "arrays"}
    hg.Classifier("mlp", **options).fit(images, np.arange(40) % 2)
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/look?run=arrays")
        ready(tab, "of 40 training images are right")
        ready(tab, "This run has no test and no validation images")
        choice = tab.get_by_label("Images", exact=True)
        missing = choice.locator("option[value=test]")
        assert missing.is_disabled()
        tab.goto(f"{server.base}#/look?run=arrays&split=validation")
        problem(tab, "This run has no validation images")
        choice.select_option("train")
        ready(tab, "of 40 training images are right")


def test_layers_are_removed_one_after_the_other_with_enter(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/network")
        ready(tab, "201,578")
        tab.get_by_label("Remove layer 6", exact=True).focus()
        press(tab, "Remove layer 6")
        press(tab, "Remove layer 6")
        for number in (5, 4, 3, 2, 1):
            press(tab, f"Remove layer {number}")
        assert focused(tab) == "Add a layer"
        problem(tab, "A network needs at least one layer")
        assert tab.get_by_role("link", name="Train this network").count() == 0
        press(tab, "Add a layer")
        assert focused(tab) == "Kind of layer 1"
        tab.get_by_label("Add a layer after layer 1").press("Enter")
        tab.get_by_label("Move layer 2 up").press("Enter")
        assert focused(tab) == "Move layer 1 down"
        press(tab, "Move layer 1 down")
        assert focused(tab) == "Move layer 2 up"


def test_a_network_with_an_error_is_not_trained(browser, server):
    rows = '[{"name": "relu"}, {"name": "linear"}]'
    with opened(browser, server) as tab:
        for text, why in ((rows, "Layer 2: "), ("[]", "one layer")):
            tab.goto(f"{server.base}#/train?run=tiny&rows={text}")
            tab.locator("form .problem", has_text=why).wait_for()
            tab.get_by_role("button", name="Start training").click()
            ready(tab, "Finished.")  # the run that was shown before
            tab.locator("form .problem[role=alert]", has_text=why).wait_for()


def test_sizes_and_commands_are_those_of_the_data(browser, server):
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/network")
        ready(tab, "resized from 1 \N{MULTIPLICATION SIGN} 8")
        command = tab.get_by_label("Command line, with the file above", exact=True)
        sync_api.expect(command).to_have_text("handgrad train network.toml")
        tab.get_by_label("For the images of").select_option("cifar10")
        words = "handgrad train network.toml --dataset cifar10"
        sync_api.expect(command).to_have_text(words, timeout=WAIT)
        assert not tab.get_by_text("resized from").count()
        tab.goto(f"{server.base}#/data")
        ready(tab, "networks receive them resized to 1 \N{MULTIPLICATION SIGN} 28")


def give_zip(tab, server, name, content):
    tab.goto(f"{server.base}#/data")
    ready(tab, "1,437 training images")
    file = {"name": name, "mimeType": "application/zip", "buffer": content}
    tab.get_by_label("Zip file").set_input_files(file)


def test_a_zip_is_checked_named_and_trained_on(browser, some):
    server, folder = some
    names = [f"{label}/{number}.png" for label in "ab" for number in range(8)]
    with opened(browser, server) as tab:
        give_zip(tab, server, "broken.zip", b"no zip")
        problem(tab, "broken.zip cannot be read as a zip")
        assert tab.get_by_text("your own, of a zip").count() == 0
        content = zip_of(9, names, **{"a/odd.png": b"no image"})
        give_zip(tab, server, "Small birds.zip", content)
        ready(tab, "1 file was skipped")
        ready(tab, "2 classes.")
        tab.get_by_role("link", name="Build a network for it").click()
        command = tab.get_by_label("Command line, with the file above", exact=True)
        words = re.compile(r"--dataset \S+/pictures\.zip --skip-bad$")
        sync_api.expect(command).to_have_text(words, timeout=WAIT)
        tab.go_back()
        tab.get_by_role("link", name="Train on it").click()
        problem(tab, "needs images of at least 5x5 pixels")  # before Start
        tab.get_by_label("Network").select_option("softmax_regression")
        tab.get_by_text("The same as a file").click()
        ready(tab, "skip_bad = true")
        tab.get_by_label("Epochs").fill("2")
        tab.get_by_role("button", name="Start training").click()
        ready(tab, "Finished.")
        assert (folder / "softmax-regression-small-birds-1").is_dir()
        for place in ("look", "draw", "take"):
            tab.goto(f"{server.base}#/{place}")
            chosen = tab.get_by_label("Network").locator("option:checked")
            words = re.compile("^softmax-regression-small-birds-1, Small birds")
            sync_api.expect(chosen).to_have_text(words, timeout=WAIT)
        tab.goto(f"{server.base}#/runs?filter=small+birds")
        ready(tab, "1 of 3 runs")


def test_draw_leaves_out_networks_that_take_no_image_files(browser, some):
    server, folder = some
    rng = np.random.default_rng(0)
    for name, shape, kind in (
        ("vectors", (40, 9), "float32"),
        ("fractions", (40, 8, 8), "float32"),
        ("layers", (40, 8, 8, 5), "uint8"),
    ):
        inputs = rng.integers(0, 256, shape).astype(kind)
        inputs = inputs / 256 if kind == "float32" else inputs
        options = {"epochs": 1, "validation": None, "run": folder / name}
        options |= {"channels": "last"} if len(shape) == 4 else {}
        hg.Classifier("mlp", **options).fit(inputs, np.arange(40) % 2)
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/draw")
        ready(tab, "Nothing drawn yet")
        assert tab.get_by_label("Network").input_value() in ("tiny", "other")
        ready(tab, "vectors takes vectors of numbers, which cannot be drawn.")
        ready(tab, "fractions takes images of decimal numbers")
        tab.goto(f"{server.base}#/draw?run=layers")
        problem(tab, "layers: layers takes images of 5 channels")
        assert tab.locator("canvas.drawing").count() == 0


def test_long_names_and_many_classes_fit(browser, some):
    server, folder = some
    name = "x" * 60
    names = [
        f"a-class-with-a-long-name-{k:02d}/{n}.png" for k in range(30) for n in (1, 2)
    ]
    size = {"width": 400, "height": 900}
    with opened(browser, server, viewport=size) as tab:
        give_zip(tab, server, f"{name}.zip", zip_of(8, names))
        ready(tab, "30 classes.")
        handle = tab.url.partition("set=")[2]
        for place in ("data", "network", "train"):
            state = {"data": "set"}.get(place, "data")
            tab.goto(f"{server.base}#/{place}?{state}={handle}&run=tiny")
            ready(tab, {**READY, "data": "30 classes."}[place])
            assert tab.evaluate("document.documentElement.scrollWidth") <= 400
        tables = {"dataset": {"name": "PATH"}, "model": {"name": "softmax_regression"}}
        path = folder / ".page" / "data" / handle / "pictures.zip"
        tables["dataset"]["name"] = str(path)
        hg.train({**tables, "training": {"epochs": 1}}, folder / f"run-{name}"[:60])
    size = {"width": 1280, "height": 900}
    with opened(browser, server, viewport=size) as tab:
        tab.goto(f"{server.base}#/look?run={f'run-{name}'[:60]}&split=train")
        ready(tab, "training images are right")
        width = "t => t.getBoundingClientRect().width / t.rows[0].cells.length"
        assert tab.locator(".matrix").evaluate(width) < 45
        assert tab.evaluate("document.documentElement.scrollWidth") <= 1280


def add_pictures(tab, label, lines, count=10):
    for number in range(count):
        shift = number / 100
        for line in lines:
            stroke(tab, [(x + shift, y) for x, y in line])
        if number == 0:
            tab.get_by_label("New class").fill(label)
            tab.get_by_role("button", name="Add the drawing to a new class").click()
        else:
            tab.get_by_role("button", name=f"Add the drawing to {label}").click()
        ready(tab, f"Added to {label}: {number + 1}.")


def test_ten_drawn_pictures_a_class_become_a_classifier(browser, server, runs):
    """Data, training and a drawing; the server is killed while it trains."""
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/data")
        ready(tab, "1,437 training images")
        tab.get_by_role("button", name="Draw a new data set").click()
        ready(tab, "Images of Circles and crosses")
        add_pictures(tab, MARKUP, [[(0.3, 0.1), (0.3, 0.9)]])
        add_pictures(tab, "flat", [[(0.1, 0.5), (0.8, 0.5)]])
        tab.get_by_role("button", name="Show what training will read").click()
        ready(tab, "2 classes.")
        tab.get_by_role("link", name="Build a network for it").click()
        ready(tab, "multiply-adds")
        chosen = tab.get_by_label("For the images of").locator("option:checked")
        own = "Circles and crosses (your own)"
        sync_api.expect(chosen).to_have_text(own, timeout=WAIT)
        outputs = tab.locator(".rows .found b").last  # sizes follow in a moment
        sync_api.expect(outputs).to_have_text("2", timeout=WAIT)
        tab.go_back()
        tab.get_by_role("link", name="Train on it").click()
        ready(tab, "The same as a file")
        tab.get_by_label("Network").select_option("softmax_regression")
        tab.get_by_label("Epochs").fill("30")
        tab.get_by_role("button", name="Start training").click()
        ready(tab, "Finished.")
        tab.get_by_role("link", name="Draw for it").click()
        ready(tab, "Nothing drawn yet")
        tab.get_by_label("Centre and scale the drawing").uncheck()
        stroke(tab, [(0.33, 0.1), (0.33, 0.9)])
        tab.locator("strong.answer", has_text=MARKUP).wait_for()
        tab.goto(f"{server.base}#/train?network=softmax_regression")
        tab.get_by_label("Epochs").fill("100000")
        tab.get_by_role("button", name="Start training").click()
        ready(tab, "images per second")
        tab.locator(".chip.running").first.wait_for()
        ready(tab, "Gradient norm at step")
        port = int(server.base.rpartition(":")[2].strip("/"))
        server.process.send_signal(signal.SIGKILL)
        server.process.communicate()
    again = Page(runs, port)
    server.process, server.address = again.process, again.address
    with opened(browser, server) as tab:
        tab.goto(f"{server.base}#/train")
        tab.get_by_role("button", name="Pause").click()
        ready(tab, "Paused; it keeps its memory")
        tab.get_by_role("button", name="Stop").click()
        ready(tab, "everything is saved. Resume it")
    assert Path(runs, "softmax-regression-digits-1", "metrics.jsonl").stat().st_size
