"""The application: settings in, every door wired. `create_app_from_env` is for the server."""

import gc
from collections.abc import Mapping
from datetime import timedelta
from time import thread_time
from urllib.parse import urlsplit

from apiflask import APIFlask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from qpvmap import __version__
from qpvmap.api import v1
from qpvmap.processes import die_with_parent
from qpvmap.resources import resource_dir
from qpvmap.secret import secret_key
from qpvmap.settings import Settings
from qpvmap.storage.cluster import ensure_running
from qpvmap.storage.files import open_files
from qpvmap.storage.session import make_engine
from qpvmap.web import (
    account,
    admin,
    assets,
    bulk,
    compression,
    context,
    cookies,
    coverage,
    crawlers,
    devices,
    equipements,
    equipment_lists,
    equipment_review,
    errors,
    filters,
    follow,
    fresh,
    ground,
    guide,
    guide_edit,
    guide_pack,
    guide_review,
    headers,
    health,
    inbox,
    inbox_export,
    inbox_views,
    initiative_photos,
    initiatives,
    insertion,
    insertion_forms,
    insertion_journal,
    insertion_map,
    invitation,
    login,
    logs,
    map,
    map_card,
    map_data,
    map_search,
    metrics,
    offline,
    operation_bulk,
    operation_documents,
    operation_forms,
    operation_removed,
    operation_sheets,
    operation_views,
    operations,
    outbox,
    outbox_door,
    papers,
    parcours,
    people,
    photos,
    presence_figures,
    presence_history,
    presences,
    quartiers,
    replies,
    round_stops,
    rounds,
    security,
    service_worker,
    sessions,
    signalement_page,
    signalements,
    solicitations,
    subscriptions,
    support,
    teams,
    throttle,
    walk_coming,
    walk_field,
    walk_keys,
    walk_report,
    walks,
)
from qpvmap.web.runtime import EXTENSION, Runtime

MAX_BODY_BYTES = 2 * 1024 * 1024
SESSION_LIFETIME = timedelta(hours=12)
REMEMBERED_FOR = timedelta(days=30)
WHOLE = 2
"""The generation of a collection of garbage that goes through everything."""

PAGES = (
    health.bp,
    metrics.bp,
    crawlers.bp,
    account.bp,
    devices.bp,
    subscriptions.bp,
    service_worker.bp,
    outbox.bp,
    offline.bp,
    admin.bp,
    people.bp,
    teams.bp,
    invitation.bp,
    follow.bp,
    map.bp,
    map_data.bp,
    map_card.bp,
    map_search.bp,
    signalements.blueprint,
    signalement_page.bp,
    support.bp,
    photos.bp,
    inbox.bp,
    inbox_export.bp,
    rounds.bp,
    round_stops.bp,
    papers.bp,
    bulk.bp,
    fresh.bp,
    inbox_views.bp,
    operation_bulk.bp,
    operation_documents.bp,
    operation_forms.bp,
    operation_sheets.bp,
    operation_removed.bp,
    operation_views.bp,
    operations.bp,
    ground.bp,
    equipements.bp,
    coverage.bp,
    equipment_lists.bp,
    equipment_review.bp,
    guide.bp,
    guide_edit.bp,
    guide_pack.bp,
    guide_review.bp,
    quartiers.bp,
    insertion.bp,
    insertion_forms.bp,
    insertion_journal.bp,
    insertion_map.bp,
    replies.bp,
    parcours.bp,
    presences.bp,
    solicitations.bp,
    initiatives.bp,
    initiative_photos.bp,
    presence_history.bp,
    presence_figures.bp,
    walks.bp,
    walk_coming.bp,
    walk_field.bp,
    walk_report.bp,
)


def create_app(settings: Settings) -> APIFlask:
    """Return the application that `settings` describes; it opens no connection yet."""
    app = APIFlask(
        __name__,
        title="qpvmap",
        version=__version__,
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder="static",
        template_folder=str(resource_dir("templates")),
    )
    app.config.update(flask_config(settings))
    url = settings.database_url or ensure_running(settings.var_dir)
    engine = make_engine(url, pool_size=settings.pool_size)
    app.extensions[EXTENSION] = Runtime(
        settings=settings, engine=engine, files=open_files(settings)
    )
    compression.init_app(app)  # the first declared sees an answer last
    headers.init_app(app, settings)
    logs.init_app(app)
    metrics.init_app(app)
    for part in (assets, filters, context, cookies, sessions, security, errors, photos):
        part.init_app(app)
    for part in (outbox_door, offline, walk_keys):
        part.init_app(app)
    Babel(app, default_locale="fr", default_timezone="Europe/Paris")
    login.init_app(app, settings)
    throttle.init_app(app)
    for blueprint in (*PAGES, v1.v1):
        app.register_blueprint(blueprint)
    v1.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    return app


def flask_config(settings: Settings) -> dict[str, object]:
    """Return what Flask itself is told: limits, and cookies that scripts cannot read."""
    return {
        "SECRET_KEY": secret_key(settings),
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "TRUSTED_HOSTS": trusted_hosts(settings),
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
        "SESSION_COOKIE_NAME": "qpvmap",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.https_only,
        "REMEMBER_COOKIE_NAME": "qpvmap_remember",
        "REMEMBER_COOKIE_DURATION": REMEMBERED_FOR,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": settings.https_only,
        "OPENAPI_VERSION": "3.1.0",
    }


def trusted_hosts(settings: Settings) -> list[str] | None:
    """Return the names this site answers to, once it has one of its own; None: any."""
    if settings.public_url is None:
        return None
    return [urlsplit(settings.public_url).hostname or "", "localhost", "127.0.0.1", "[::1]"]


def create_app_from_env() -> APIFlask:
    """Return the application of a web worker process, which ends when the server does."""
    die_with_parent()
    settings = Settings()
    logs.configure(settings.log_level)
    app = create_app(settings)
    leave_aside_what_stays()
    return app


def leave_aside_what_stays() -> None:
    """Have the collector of garbage no more go through what lives as long as the process.

    It went through all modules and mappings again and again: a page in sixty took 0.4 s more. What
    is made ready later, as each kind of page is first asked, is left aside as it shows.
    """
    gc.collect()
    gc.freeze()
    gc.callbacks.append(LeavesAside())


class LeavesAside:
    """Leaves aside what a slow collection went through and found to stay.

    Statements kept ready are a million objects once each kind of page was asked: one page in some
    hundred waited up to 0.6 s for them. Only so many times: of what is left aside, the pages being
    made just then are never collected.
    """

    def __init__(self, slow_s: float = 0.02, most_times: int = 40) -> None:
        self.slow_s = slow_s
        self.left = most_times
        self.began = 0.0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        """Be told by the collector that it begins, then that it has ended."""
        if phase == "start":
            self.began = thread_time()
            return
        was_slow = info["generation"] == WHOLE and thread_time() - self.began > self.slow_s
        if was_slow and self.left:
            self.left -= 1
            gc.freeze()
