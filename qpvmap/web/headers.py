"""Headers of every answer: what a page may load, and what a browser may do with it."""

from secrets import token_urlsafe
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from qpvmap.settings import Basemap, Settings

IMMUTABLE = "public, max-age=31536000, immutable"
SECRET_PAGES = frozenset({"security", "account"})
PERMISSIONS = "geolocation=(self), camera=(), microphone=(), payment=(), usb=()"
FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
}


def csp_nonce() -> str:
    """Return the nonce of this answer's own inline scripts, made when first asked for."""
    if "csp_nonce" not in g:
        g.csp_nonce = token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def tile_origins(basemaps: tuple[Basemap, ...]) -> list[str]:
    """Return the origins that raster backgrounds come from; `{s}.` stands for any host."""
    origins = set()
    for basemap in basemaps:
        address = urlsplit(basemap.url.replace("{s}", "*"))
        if address.netloc:
            origins.add(f"{address.scheme}://{address.netloc}")
    return sorted(origins)


def content_policy(settings: Settings, nonce: str | None) -> str:
    """Return the content security policy: this site alone, plus images of the backgrounds."""
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *([f"'nonce-{nonce}'"] if nonce else [])],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *tile_origins(settings.basemaps)],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def is_versioned() -> bool:
    """Return whether the address itself changes when the file does."""
    return request.endpoint == "static" and (
        request.path.startswith("/static/dist/") or "v" in request.args
    )


def unkept() -> str:
    """Return how a page is kept when its view does not say: never, where secrets are shown."""
    return "no-store" if request.blueprint in SECRET_PAGES else "private, no-cache"


def init_app(app: Flask, settings: Settings) -> None:
    """Give every answer of `app` its headers, and templates `csp_nonce()`."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def add_headers(response: Response) -> Response:
        """Add what the view did not say itself."""
        for name, value in FIXED_HEADERS.items():
            response.headers.setdefault(name, value)
        policy = content_policy(settings, g.get("csp_nonce"))
        response.headers.setdefault("Content-Security-Policy", policy)
        if settings.https_only:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if is_versioned() and response.status_code in (200, 304):
            response.headers["Cache-Control"] = IMMUTABLE
        else:
            response.headers.setdefault("Cache-Control", unkept())
        return response
