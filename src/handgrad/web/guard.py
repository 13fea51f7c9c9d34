"""Checks of every request before it reaches a route, and headers of every response.

host     the Host header names this server: another name may be DNS rebinding
origin   requests that change something come from this page
token    a cookie, which the address with the token sets, or an Authorization header
body     at most `BODY_LIMIT` bytes
"""

from collections.abc import Awaitable, Callable, MutableMapping
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

BODY_LIMIT = 10_000_000  # bytes
SAFE = ("GET", "HEAD")
HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """The ASGI application `app` behind these checks, for one port and token."""

    def __init__(self, app: App, *, token: str, port: int) -> None:
        self.app, self.token = app, token
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self.origins = {f"http://{host}" for host in self.hosts}
        self.cookie = f"handgrad-{port}"  # cookies of a host are shared by its ports

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        send = _with_headers(send)
        refused = self._refusal(scope, Headers(scope=scope))
        if refused is None and scope["method"] not in SAFE:
            body = await _body(receive)
            if body is None:
                refused = _refuse(413, f"A request has at most {BODY_LIMIT:,} bytes.")
            else:
                receive = _again(body, receive)
        await (refused or self.app)(scope, receive, send)

    def _refusal(self, scope: Message, headers: Headers) -> Response | None:
        """The answer to a request that is not let through, else None."""
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return _refuse(400, "This server answers on 127.0.0.1 only.")
        origins = headers.getlist("origin")
        is_own = len(origins) == 1 and origins[0] in self.origins
        if not is_own and (origins or scope["method"] not in SAFE):
            return _refuse(403, "This request did not come from the page of Handgrad.")
        site = headers.get("sec-fetch-site", "none")
        if scope["path"] != "/" and site not in ("none", "same-origin"):
            return _refuse(403, "This request did not come from the page of Handgrad.")
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        if scope["path"] == "/" and len(given) == 1 and self._is_token(given[0]):
            return self._signed_in()
        if not any(map(self._is_token, self._tokens(headers))):
            return _refuse(403, "Open the address that handgrad ui has printed.")
        return None

    def _tokens(self, headers: Headers) -> list[str]:
        """The tokens that a request carries."""
        found = [headers.get("authorization", "").removeprefix("Bearer ")]
        for line in headers.getlist("cookie"):
            try:
                cookies = SimpleCookie(line)
            except CookieError:
                continue
            if self.cookie in cookies:
                found.append(cookies[self.cookie].value)
        return found

    def _is_token(self, given: str) -> bool:
        return compare_digest(given.encode(), self.token.encode())

    def _signed_in(self) -> Response:
        """Set the cookie, and remove the token from the address."""
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            self.cookie, self.token, httponly=True, samesite="strict", path="/"
        )
        return answer


def _refuse(code: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status_code=code)


def _with_headers(send: Send) -> Send:
    """Add `HEADERS` to a response, unless it sets its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


async def _body(receive: Receive) -> bytes | None:
    """The whole body of a request; None if it is too large."""
    body, is_more = bytearray(), True
    while is_more:
        message = await receive()
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that has been read, once."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return parts.pop() if parts else await receive()

    return receiving
