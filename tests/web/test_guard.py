import asyncio

import pytest

from handgrad.web import guard
from handgrad.web.app import make_app

from .conftest import OWN, PORT, TOKEN, Client

HOSTS = [
    *("", "example.com", "127.0.0.1", "localhost", "127.0.0.1:1", "localhost:80"),
    *("127.0.0.1.example.com:8000", "example.com:8000", "127.0.0.1:8000.example.com"),
    *("0.0.0.0:8000", "[::1]:8000", "127.1:8000", "2130706433:8000", "0x7f.1:8000"),
    *("LOCALHOST.:8000", "localhost.:8000", "localhost:08000", "localhost:8000 "),
    *("127.0.0.1:8000@example.com", "user@127.0.0.1:8000", "127.0.0.1:8000/", "*"),
    *(
        "a.localhost:8000",
        "127.0.0.1:8000,example.com",
        "http://127.0.0.1:8000",
        "null",
    ),
]
ORIGINS = [
    *("null", "", "http://example.com", "http://example.com:8000", "file://"),
    *("http://127.0.0.1", "http://127.0.0.1:8001", "https://127.0.0.1:8000"),
    *("http://localhost", "http://localhost:8000.example.com", "http://0.0.0.0:8000"),
    *("http://127.0.0.1:8000/", "http://127.0.0.1:8000@example.com", "127.0.0.1:8000"),
    *("http://a.localhost:8000", "chrome-extension://abc", "HTTP://127.0.0.1:8000 x"),
]


@pytest.fixture
def stranger(client):
    """A client without a token and an origin."""
    return Client(client.app)


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_even_with_the_token(client, host):
    for path in ("/", "/api/runs", f"/?token={TOKEN}"):
        found = client.get(path, headers={"host": host})
        assert found.status_code == 400
        assert "set-cookie" not in found.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000"])
def test_both_names_of_this_server_are_answered(client, host):
    assert client.get("/api/runs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_origin_changes_nothing_and_reads_nothing(client, origin):
    headers = {"origin": origin}
    assert client.post("/api/train", json={}, headers=headers).status_code == 403
    assert client.get("/api/runs", headers=headers).status_code == 403
    assert client.get("/api/queue").json() == []


def test_a_change_without_an_origin_is_refused(stranger):
    headers = {"authorization": OWN["authorization"]}
    assert stranger.get("/api/runs", headers=headers).status_code == 200
    assert stranger.post("/api/train", json={}, headers=headers).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_a_request_that_another_site_causes_is_refused(client, site):
    headers = {"sec-fetch-site": site}
    assert client.get("/api/runs", headers=headers).status_code == 403
    assert client.get("/", headers=headers).status_code == 200  # a link to the page


@pytest.mark.parametrize(
    "token", ["", "Bearer", "Bearer x", f"Bearer {TOKEN}x", TOKEN[:-1], "Basic é"]
)
def test_a_missing_or_wrong_token_is_refused(stranger, token):
    headers = {"authorization": token.encode()}
    for path in ("/", "/api/runs", "/static/app.js", "/nothing", "/?token=x"):
        assert stranger.get(path, headers=headers).status_code == 403


def test_the_address_with_the_token_signs_in_and_loses_it(stranger):
    found = stranger.get(f"/?token={TOKEN}")
    assert (found.status_code, found.headers["location"]) == (303, "/")
    said = found.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert stranger.get("/api/runs").status_code == 200  # by the cookie
    two = f"/?token={TOKEN}&token=x"
    assert Client(stranger.app).get(two).status_code == 403


def test_every_answer_has_the_headers(client, stranger):
    answers = [
        client.get("/"), client.get("/api/runs"), client.get("/nothing"),
        stranger.get("/"), client.get("/", headers={"host": "a"}),
    ]  # fmt: skip
    for found in answers:
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert found.headers["x-frame-options"] == "DENY"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in found.headers if name.startswith("access-control")]


def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(client, monkeypatch):
    monkeypatch.setattr(guard, "BODY_LIMIT", 1000)
    taken = []

    async def parts():
        for _ in range(100):
            taken.append(1)
            yield b"x" * 100

    assert client.post("/api/train", content=b"x" * 1001).status_code == 413
    assert client.post("/api/train", content=parts()).status_code == 413
    assert len(taken) < 20  # parts
    assert client.post("/api/settings", json={}).status_code == 200


def test_a_websocket_is_closed():
    sent = []

    async def send(message):
        sent.append(message)

    app = guard.Guard(None, token="a", port=1)
    asyncio.run(app({"type": "websocket"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_each_start_has_a_port_of_its_own_in_the_cookie(runs):
    assert (
        make_app(runs, token="a", port=1).cookie
        != make_app(runs, token="a", port=PORT).cookie
    )
