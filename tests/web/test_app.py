import asyncio
import re

import pytest

from handgrad.web.app import STATIC
from handgrad.web.handles import ID

from .conftest import OWN, PORT

ROUTES = {
    *("GET /", "GET /static/{name}", "GET /api/catalogue", "POST /api/network"),
    *("POST /api/network/{model}", "POST /api/settings", "POST /api/train"),
    *("GET /api/queue", "POST /api/queue/{run}/remove", "GET /api/health/{run}"),
    *("GET /api/runs", "GET /api/runs/{run}", "GET /api/runs/{run}/epochs"),
    *("GET /api/runs/{run}/live", "GET /api/runs/{run}/download/{kind}"),
    *("GET /api/runs/{first}/difference/{second}", "POST /api/runs/{run}/{action}"),
    *("GET /api/runs/{first}/flipped/{second}", "POST /api/look/{run}/picture"),
    *("GET /api/look/{run}/confusion", "GET /api/look/{run}/cell"),
    *("GET /api/look/{run}/images",),
    *("GET /api/look/{run}/filters", "GET /api/look/{run}/trace"),
    *("GET /api/look/{run}/gradient", "GET /api/look/{run}/occlusion"),
    *("GET /api/data", "POST /api/data"),
    *("POST /api/data/zip", "GET /api/data/{data}", "POST /api/data/{data}/pictures"),
    *("POST /api/data/{data}/pictures/remove", "POST /api/data/{data}/remove"),
    *("GET /api/studies", "GET /api/studies/{name}", "POST /api/studies/{name}/stop"),
    *("POST /api/studies/{name}/rows/{row}", "GET /api/studies/{name}/report"),
}
PARTS = ["..", "%2e%2e", "..%2f..", "....", "%00", "~", "C:", "con", "a/b", ".page"]
TRAVERSALS = [
    f"{'/'.join([part] * depth)}{end}"
    for part in PARTS
    for depth in (1, 2, 5, 12)
    for end in ("", "/", "/etc/passwd", "/tiny/config.toml", "%2fetc%2fpasswd")
]


def addresses():
    """(method, path) of each route."""
    return sorted(tuple(route.split(" ")) for route in ROUTES)


def flat(routes):
    """Routes, and those of included routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from flat(inner.routes) if inner else [route]


def filled(path, word="tiny"):
    return re.sub(r"\{\w+\}", word, path)


async def raw(app, path):
    """Status and body of a request whose path no client has normalized."""
    headers = {**OWN, "host": f"127.0.0.1:{PORT}"}
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"",
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }  # fmt: skip
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], body


def test_the_routes_are_these_and_no_others(client):
    routes = client.app.app.routes
    found = {f"{m} {one.path}" for one in flat(routes) for m in one.methods}
    assert found == ROUTES
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        for _, path in addresses():
            answer = client.request(method, filled(path, "nothing"))
            assert answer.status_code in (404, 405), (method, path)
    for path in ("/docs", "/redoc", "/openapi.json", "/static", "/api", "/index.html"):
        assert client.get(path).status_code == 404


def test_no_path_of_a_client_reaches_the_disk(client, runs):
    (runs / "..secret").write_text("secret")
    assert len(TRAVERSALS) == 200
    for word in TRAVERSALS:
        for start in ("/static/", "/api/runs/", "/api/data/", "/api/studies/"):
            code, body = asyncio.run(raw(client.app, f"{start}{word}"))
            assert code in (400, 404, 405), (start, word)
            assert b"root:" not in body
            assert b"secret" not in body
        assert not ID.fullmatch(word) or word == "con"


@pytest.mark.parametrize("word", ["../tiny", "TINY", "tiny ", "a" * 65, "tïny", ""])
def test_a_handle_is_looked_up_in_the_list(client, word):
    assert client.get(f"/api/runs/{word}/epochs").status_code == 404


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_a_file_of_the_front_end_is_served_and_loads_nothing_from_elsewhere(
    client, path
):
    address = "/" if path.name == "index.html" else f"/static/{path.name}"
    found = client.get(address)
    assert found.content == path.read_bytes()
    text = path.read_text("utf-8")
    outside = re.findall(r"https?://[^\s'\"`]*", text)
    assert set(outside) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text
    )
    assert not re.search(r"<script>|style=\"|onclick=\"", text)


def test_an_error_is_one_sentence(client):
    wrong = client.get("/api/look/tiny/trace?image=-1")
    assert wrong.status_code == 422
    assert wrong.json()["error"].startswith("image: input should be greater than")
    wrong = client.get("/api/look/tiny/trace?image=100000")
    assert (wrong.status_code, "Give a number from 0" in wrong.json()["error"]) == (
        400,
        True,
    )
    assert client.get("/nothing").json() == {"error": "Not Found."}


@pytest.mark.parametrize(("pattern", "most"), [("*.py", 1500), ("static/*", 4000)])
def test_the_page_stays_small(pattern, most):
    files = [path for path in STATIC.parent.glob(pattern) if path.is_file()]
    texts = [path for path in files if path.suffix in {".py", ".js", ".css", ".html"}]
    assert texts
    assert sum(len(path.read_text("utf-8").splitlines()) for path in texts) < most
