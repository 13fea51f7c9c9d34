"""A tiny trained run, and a client of the page with its token."""

import asyncio
from io import BytesIO
from shutil import copytree
from zipfile import ZipFile

import httpx
import numpy as np
import pytest
from tests.datasets.image_makers import picture_of

from handgrad.training import config_from, start
from handgrad.web.app import make_app

file_of = picture_of


def zip_of(side, names, **others):
    """A zip of images of different greys, and of other files."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for number, name in enumerate(names):
            pixels = np.full((side, side), 7 * number % 256)
            archive.writestr(name, file_of(pixels))
        for name, content in others.items():
            archive.writestr(name, content)
    return out.getvalue()


TOKEN, PORT = "the-token", 8000
ADDRESS = f"http://127.0.0.1:{PORT}"
OWN = {"authorization": f"Bearer {TOKEN}", "origin": ADDRESS}
TINY = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8], "train_count": 60},
    "model": {
        "name": "from_layers",
        "layers": [
            {"name": "conv2d", "out_channels": 2, "kernel_size": 3},
            {"name": "relu"},
            {"name": "flatten"},
            {"name": "linear"},
        ],
    },
    "training": {"epochs": 2, "batch_size": 20},
}


class Client:
    """A browser that asks the application itself, without a network."""

    def __init__(self, app, **headers):
        self.app = app
        self.session = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=ADDRESS, headers=headers
        )

    def request(self, method, path, **options):
        return asyncio.run(self.session.request(method, path, **options))

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder of a run of two epochs, not to be changed."""
    folder = tmp_path_factory.mktemp("trained") / "tiny"
    assert len(list(start(config_from(TINY), folder))) == 8
    return folder


@pytest.fixture
def runs(trained, tmp_path):
    """A folder of runs with one run, `tiny`."""
    copytree(trained, tmp_path / "runs" / "tiny")
    return tmp_path / "runs"


@pytest.fixture
def client(runs):
    """A client with the token, from the page itself; nothing is trained."""
    guard = make_app(runs, token=TOKEN, port=PORT)
    guard.app.state.handgrad.home.create()
    return Client(guard, **OWN)
