"""What every page shows around its content: the territory's name and mark, the sections, who is in.

`site` never fails for want of data: before a territory is loaded the pages say so in plain words.
"""

from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from flask import Flask, current_app, request
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.storage.sites import TerritoryCard, territory_card
from qpvmap.web.mark import mark
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor
from qpvmap.web.sessions import request_session

CACHE = "qpvmap_site"
FRESH_FOR_S = 30.0
MOST_TABS = 4
MOST_WIDE = 6
"""Sections side by side at the top of a wide screen; the others are in its menu « Plus »."""
"""What the bar of a phone holds beside « Plus »."""
NO_TERRITORY = TerritoryCard(0, "", "Carte du quartier", "", (), (), "17, 18, 112")


@dataclass(frozen=True, slots=True)
class Section:
    """A page that the navigation names. `rule` is how the application knows it.

    `also` are addresses outside it that belong to it all the same.
    """

    label: str
    icon: str
    rule: str
    href: str = ""
    main: bool = False
    inbox: bool = False
    ground: bool = False
    replies: bool = False
    rounds: bool = False
    walks: bool = False
    admin: bool = False
    tab: bool = False
    pocket: bool = False
    also: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the reader is there, or on a page under it."""
        return any(
            request.path == href or (href != "/" and request.path.startswith(f"{href}/"))
            for href in (self.href, *self.also)
        )


SECTIONS = (
    Section("Carte", "map", "/", tab=True),
    Section("Corbeille", "inbox", "/corbeille", inbox=True, tab=True),
    Section("Tournées", "list", "/tournees", rounds=True),
    Section("Signaler", "plus", "/signaler", main=True, tab=True),
    Section("Parcours", "walk", "/parcours", walks=True, tab=True, also=("/tournees",)),
    Section("Quartier", "district", "/quartiers/<code>", tab=True),
    Section("Investissement", "plan", "/operations"),
    Section("Équipements", "t-social", "/equipements"),
    Section("Guide", "note", "/guide"),
    Section("Emploi", "users", "/insertion"),
    Section("Coordination", "layers", "/coordination/emprises", ground=True),
    Section("Réponses", "message", "/coordination/reponses", replies=True),
    Section("Administration", "table", "/admin", admin=True),
    Section("À envoyer", "send", "/envois", pocket=True),
)


@dataclass(frozen=True)
class Site:
    """The frame of a page, for `templates/base.html`."""

    card: TerritoryCard
    actor: Actor
    sections: tuple[Section, ...]
    further: tuple[Section, ...]
    tabs: tuple[Section, ...]
    more: tuple[Section, ...]
    account: Section | None
    report_href: str | None
    logout_href: str | None

    @property
    def territory_id(self) -> int:
        """Key of the territory served; 0 when none is loaded."""
        return self.card.id

    @property
    def territory_name(self) -> str:
        """Name of the territory."""
        return self.card.name

    @property
    def tagline(self) -> str:
        """A few words under the name."""
        return self.card.tagline or "la carte commune"

    @property
    def title(self) -> str:
        """How the site is called in the title of a window."""
        return f"{self.territory_name}, {self.tagline}"

    @property
    def communes(self) -> str:
        """The communes in one breath: `Bagneux, Bourg-la-Reine et Sceaux`."""
        *first, last = self.card.communes or ("",)
        return f"{', '.join(first)} et {last}" if first else last

    @property
    def mark(self) -> Markup:
        """The silhouette of the quarter."""
        return mark(self.card.outline)


def served_territory() -> TerritoryCard:
    """Return the card of the territory that this site serves, read again every half minute."""
    kept = current_app.extensions.get(CACHE)
    if kept and kept[0] > monotonic():
        card: TerritoryCard = kept[1]
        return card
    code = runtime().settings.territory
    found = territory_card(request_session(), code)
    if found:
        current_app.extensions[CACHE] = (monotonic() + FRESH_FOR_S, found)
    return found or NO_TERRITORY


def existing(rules: set[str], card: TerritoryCard, actor: Actor) -> list[Section]:
    """Return the sections that this installation has and that `actor` may open."""
    has_inbox = reach_of(actor, Action.VIEW_INBOX, None) is not Reach.NOWHERE
    keeps = reach_of(actor, Action.EDIT_GROUND, None) is not Reach.NOWHERE
    # Who keeps the grounds finds the answers among the coordination's tabs.
    writes = not keeps and reach_of(actor, Action.EDIT_REPLIES, None) is not Reach.NOWHERE
    notes = reach_of(actor, Action.READ_PRESENCE, None) is not Reach.NOWHERE
    opened = {
        "inbox": has_inbox,
        "ground": keeps,
        "replies": writes,
        # Who notes what they do on foot, or reads it, finds the rounds on that page.
        "rounds": not notes and reach_of(actor, Action.LEAD_ROUND, None) is not Reach.NOWHERE,
        "walks": reach_of(actor, Action.VIEW_WALK, None) is not Reach.NOWHERE,
        "admin": reach_of(actor, Action.VIEW_SENDINGS, None) is not Reach.NOWHERE,
    }
    shut = [name for name, is_open in opened.items() if not is_open]
    sections = []
    for section in SECTIONS:
        known = known_rule(section.rule, rules)
        if known is None or any(getattr(section, name) for name in shut):
            continue
        if "<" in known and not card.qpv_codes:
            continue
        href = f"{known.split('<')[0]}{card.qpv_codes[0]}" if "<" in known else known
        also = section.also if "rounds" in shut else ()
        sections.append(replace(section, href=href, also=also))
    return sections


def known_rule(rule: str, rules: set[str]) -> str | None:
    """Return `rule` as the application writes it, whatever it calls its variable part."""
    if "<" not in rule:
        return rule if rule in rules else None
    head = rule.split("<")[0]
    return next((r for r in sorted(rules) if r.startswith(f"{head}<") and r.endswith(">")), None)


def account_section(rules: set[str], actor: Actor) -> Section | None:
    """Return where one signs in, or finds one's account."""
    label, href = (
        ("Se connecter", "/connexion") if actor.is_anonymous else ("Mon compte", "/compte")
    )
    return Section(label, "user", href, href) if href in rules else None


def make_site(card: TerritoryCard, actor: Actor) -> Site:
    """Return the frame of the present page."""
    rules = {rule.rule for rule in current_app.url_map.iter_rules()}
    sections = existing(rules, card, actor)
    account = account_section(rules, actor)
    tabs = [section for section in sections if section.tab][:MOST_TABS]
    others = [section for section in sections if section not in tabs]
    signed_in = not actor.is_anonymous
    across = [section for section in sections if not (section.main or section.pocket)]
    wide = MOST_WIDE if len(across) > MOST_WIDE + 1 else len(across)  # no menu for one alone
    return Site(
        card=card,
        actor=actor,
        sections=tuple(across[:wide]),
        further=tuple(across[wide:]),
        tabs=tuple(tabs),
        more=(*others, *([account] if account else [])),
        account=account,
        report_href=next((s.href for s in sections if s.main), None),
        logout_href="/deconnexion" if signed_in and "/deconnexion" in rules else None,
    )


def present_site() -> Site:
    """Return the frame of the present page; without a database, a bare one for the error page."""
    try:
        return make_site(served_territory(), current_actor())
    except SQLAlchemyError:
        return make_site(NO_TERRITORY, ANONYMOUS)


def init_app(app: Flask) -> None:
    """Give every template `site` and `actor`."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        """Return what templates/base.html needs."""
        site = present_site()
        return {"site": site, "actor": site.actor}
