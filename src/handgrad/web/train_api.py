"""Requests about networks and training: rows, code, settings and the queue."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from handgrad import catalog
from handgrad.errors import HandgradError, sentence
from handgrad.inspection.health import health as health_of
from handgrad.inspection.layer_list import check_layers
from handgrad.inspection.network_fit import check_network
from handgrad.models import as_python, as_toml, to_layers
from handgrad.training.choices import choices
from handgrad.training.config import RunConfig
from handgrad.web.settings import config_of
from handgrad.web.state import Server

MOST_ROWS = 200
Size = Annotated[int, Field(ge=1, le=1_024)]
Channels = Annotated[int, Field(ge=1, le=16)]
Tables = Annotated[dict[str, Any], Body()]
api = APIRouter(prefix="/api")


class Network(BaseModel):
    """The rows of a network, and what it is for."""

    rows: Annotated[list[dict[str, Any]], Field(max_length=MOST_ROWS)] = []
    shape: tuple[Channels, Size, Size]
    classes: Annotated[int, Field(ge=2, le=10_000)]


@api.get("/catalogue")
def catalogue() -> Any:
    """The names that a network and its training may use."""
    return choices()


@api.post("/network")
def network(given: Network) -> Any:
    """Sizes, costs and errors of rows, and the same as code."""
    found = check_layers(given.rows, given.shape, given.classes).as_dict()
    if found["error"] is None:
        found["python"], found["toml"] = as_python(given.rows), as_toml(given.rows)
    return found


@api.post("/network/{model}")
def of_model(model: str, given: Network) -> Any:
    """The rows of a network of the catalogue."""
    sizes = {"input_shape": given.shape, "classes": given.classes}
    return {"rows": to_layers(catalog.build("model", model, {}, **sizes))}


@api.post("/settings")
def settings(server: Server, tables: Tables) -> Any:
    """Check settings: the same as TOML, or what is wrong."""
    try:
        return {"toml": _checked(server, tables).to_toml()}
    except HandgradError as error:
        return {"message": server.data.named(sentence(error))}


@api.post("/train")
def train(server: Server, tables: Tables) -> Any:
    """Put a run into the queue; its handle."""
    config = _checked(server, tables)
    name = server.data.named(config.dataset.name)
    return {"id": server.jobs.add(config, name)}


def _checked(server: Server, tables: dict[str, Any]) -> RunConfig:
    """The configuration, whose network takes the images of its data."""
    config = config_of(tables, server.data.paths())
    check_network(config)
    return config


@api.get("/queue")
def queue(server: Server) -> Any:
    """The runs that wait, train or have ended lately."""
    rows = server.jobs.rows()
    return [{name: server.data.named(row[name]) for name in row} for row in rows]


@api.post("/queue/{run}/remove")
def remove(server: Server, run: str) -> Any:
    """Remove a run that waits."""
    server.jobs.remove(run)
    return {}


@api.get("/health/{run}")
def health(server: Server, run: str) -> Any:
    """Gradient norms and saturated units of the last checkpoint, by layer."""
    return health_of(server.networks.last(server.home.run(run)))
