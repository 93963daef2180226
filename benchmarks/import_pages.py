"""How long pages take while many rows become a dataset, sent to a web process as people run it."""

from __future__ import annotations

import http.client
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from promptlab.launch.home import Home

VISITS = 100
IMPORTS = 4


def pages_meanwhile(home: Home, database_url: str, file: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of visits to a page while nothing else is done, and while files are imported."""
    from promptlab.accounts.tokens import create_token
    from tests.browser.conftest import session_of
    from tests.browser.lab import Lab
    from tests.browser.stack import Stack

    lab = Lab("http://127.0.0.1:1/v1")
    lab.dataset(45)

    _token, secret = create_token(lab.alice, "bench")
    stack = Stack(home, database_url)
    try:
        stack.prepare()
        stack.start_web()
        stack.await_web()
        cookie = "=".join(session_of(lab.alice))
        left = iter(range(VISITS + 1))
        idle = visits(stack.url, f"{lab.path}/datasets/", cookie, lambda: next(left, None) is None)
        address = f"/api/v1/projects/{lab.project.slug}/datasets"
        meanwhile: list[float] = []
        for number in range(IMPORTS):
            with ThreadPoolExecutor(1) as other:
                sent: Future[None] = other.submit(
                    send, stack.url, address, secret, file, f"Many {number}"
                )
                meanwhile += visits(stack.url, f"{lab.path}/datasets/", cookie, sent.done)
            sent.result()
    finally:
        stack.close()
    return idle[1:], meanwhile


def visits(url: str, path: str, cookie: str, over: Callable[[], bool]) -> list[float]:
    """Milliseconds of each visit on one connection, with a short pause between."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    times = []
    while not over():
        begun = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 200, reply.status
        times.append(1000 * (time.perf_counter() - begun))
        time.sleep(0.02)
    connection.close()
    return times


def send(url: str, address: str, secret: str, file: Path, name: str) -> None:
    """Import a file over the API."""
    mark = uuid.uuid4().hex
    fields = "".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in (("name", name), ("again", "true"))
    )
    head = (
        f'{fields}--{mark}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{file.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    body = head.encode() + file.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    headers = {
        "Authorization": f"Bearer {secret}",
        "Content-Type": f"multipart/form-data; boundary={mark}",
    }
    connection.request("POST", address, body, headers)
    reply = connection.getresponse()
    said = reply.read()
    assert reply.status == 201, said[:500]
