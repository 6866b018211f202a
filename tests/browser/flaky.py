"""A network that can be cut, that fails, and that loses answers after the server wrote them."""

import random
import re
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORKER_VERSION = re.compile(rb'version:"[0-9A-F]{8}"')
NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "if-none-match"}


class Network(ThreadingHTTPServer):
    """Stands before a server on `upstream`; `failing` is the part of POSTs that go wrong.

    `posted` holds the paths of the POSTs that came, `most_at_once` how many were ever under way
    together; each of them takes `delay_s` more.
    """

    daemon_threads = True

    def __init__(self, upstream: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.is_cut = False
        self.failing = 0.0
        self.worker_version = b""
        self.chance = random.Random(92)
        self.lost_before = self.lost_after = 0
        self.delay_s = 0.0
        self.under_way = self.most_at_once = 0
        self.posted: list[str] = []
        self.counting = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that closes a connection is no fault."""


class Handler(BaseHTTPRequestHandler):
    server: Network
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.pass_on(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        network = self.server
        with network.counting:
            network.posted.append(self.path)
            network.under_way += 1
            network.most_at_once = max(network.most_at_once, network.under_way)
        try:
            time.sleep(network.delay_s)
            self.take_a_chance(network, body)
        finally:
            with network.counting:
                network.under_way -= 1

    def take_a_chance(self, network: Network, body: bytes) -> None:
        """Pass a POST on, or lose it, or lose its answer."""
        luck = network.chance.random()
        if luck < network.failing / 2:
            network.lost_before += 1
            self.hang_up()
        elif luck < network.failing:
            network.lost_after += 1
            self.ask(body)
            self.hang_up()
        else:
            self.pass_on(body)

    def hang_up(self) -> None:
        """Close without a word, as a tunnel does."""
        self.close_connection = True

    def ask(self, body: bytes) -> tuple[HTTPResponse, bytes] | None:
        """Return the server's answer; None when there is no server."""
        connection = HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)
        headers = {n: v for n, v in self.headers.items() if n.lower() not in NOT_FORWARDED}
        try:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def pass_on(self, body: bytes) -> None:
        found = None if self.server.is_cut else self.ask(body)
        if found is None:
            return self.hang_up()
        answer, content = found
        if self.path == "/sw.js" and self.server.worker_version:
            version = b'version:"' + self.server.worker_version + b'"'
            content, changed = WORKER_VERSION.subn(version, content)
            assert changed == 1
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
