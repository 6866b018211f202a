"""A small local server that answers as the official services do, well or badly."""

import hashlib
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from qpvmap.importers.fetch import Limits

HASTY = Limits(max_bytes=1_000_000, attempts=3, pause_s=0.01, timeout_s=2)


@dataclass
class Site:
    """What the local server has, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    layers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    matched: Any = None
    broken_starts: set[int] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers files with ETag and Range, and WFS pages; may cut a body once."""

    site: Site

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.site.asked.append((address.path, self.headers.get("Range", "")))
        if address.path in self.site.broken:
            self.site.broken.discard(address.path)
            self.send_error(503)
        elif address.path == "/wfs":
            self.send_page(parse_qs(address.query))
        elif address.path in self.site.files:
            self.send_file(self.site.files[address.path])
        else:
            self.send_error(404)

    def send_page(self, query: dict[str, list[str]]) -> None:
        if query["REQUEST"] == ["GetCapabilities"]:
            self.send_whole(self.capabilities().encode())
            return
        features = self.site.layers[query["TYPENAMES"][0]]
        start, count = int(query["STARTINDEX"][0]), min(2, int(query["COUNT"][0]))
        self.site.starts.append(start)
        if start in self.site.broken_starts:
            self.send_error(503)
            return
        page: dict[str, Any] = {"type": "FeatureCollection", "numberMatched": len(features)}
        if self.site.matched is not None:
            page["numberMatched"] = self.site.matched
        if page["numberMatched"] == "absent":
            del page["numberMatched"]
        self.send_whole(json.dumps(page | {"features": features[start : start + count]}).encode())

    def capabilities(self) -> str:
        types = "".join(
            f"<FeatureType><Name>{name}</Name><Title>{self.site.titles.get(name, name)}</Title>"
            "<Abstract>Depuis 1999</Abstract></FeatureType>"
            for name in self.site.layers
        )
        return f"<wfs:WFS_Capabilities>{types}</wfs:WFS_Capabilities>"

    def send_file(self, content: bytes) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        start = 0
        wanted = self.headers.get("Range", "")
        if wanted and self.headers.get("If-Range") == etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut, self.site.cut_after = self.site.cut_after, None
        self.wfile.write(content[start : None if cut is None else start + cut])
        if cut is not None:
            self.close_connection = True

    def send_whole(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
