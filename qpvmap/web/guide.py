"""`/guide`: what is offered around the quarter, found in plain words, on the map and on paper."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from qpvmap.core.guide import PUBLICS, QUALITY_LABELS, THEME_ICONS, THEMES, Wanted
from qpvmap.core.guide_words import reasons
from qpvmap.core.permanences import from_json
from qpvmap.core.permissions import Action, Target, may
from qpvmap.outputs.pdf import CannotPrint, print_pdf
from qpvmap.outputs.qr import data_url, qr_svg
from qpvmap.storage.desk import commune_names
from qpvmap.storage.guide import place_of
from qpvmap.storage.guide_search import (
    Card,
    Contents,
    Found,
    answering,
    cards_of,
    communes_of,
    contents_of,
    find_offers,
    schedules_of,
    synonym_groups,
    told_by,
)
from qpvmap.storage.layers import data_version
from qpvmap.usecases.guide_review import known_structure
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.guide_view import (
    ALL_COMMUNES,
    OfferView,
    card_views,
    check_words,
    is_held,
    offer_view,
    reason_words,
)
from qpvmap.web.offline import kept_offline
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import close_session, request_session

bp = Blueprint("guide", __name__)

SVG = "image/svg+xml"
OPENED = {"today": "Aujourd’hui", "now": "En ce moment"}
PAID = {"free": "Gratuit", "income": "Selon les revenus"}
ARGUMENTS = {
    "words": "q",
    "commune": "commune",
    "theme": "theme",
    "public": "public",
    "opened": "ouvert",
    "language": "langue",
    "cost": "cout",
}
"""The names of what is wanted, in the address of the page."""
WORDS_MAX, LANGUAGE_MAX, CODE_LENGTH = 200, 60, 5
A_PAGE = 40
"""Offers shown at once: a phone lays out some dozens, not a thousand."""
BUSY = "Le livret n’a pas pu être imprimé\u00a0: réessayez dans un instant."
LARGE = "grande"
MOST_PRINTED = 400
"""Offers that are laid out in half a minute; a booklet of more would be left on the table."""
TOO_MANY = (
    f"Un livret compte {MOST_PRINTED} offres au plus\u00a0: choisissez une commune ou un thème."
)
BOOKLETS = "qpvmap_booklets"
MOST_BOOKLETS = 16


def wanted_here() -> Wanted:
    """Return what the address asks for; what it cannot mean is left out."""
    given = {name: request.args.get(argument, "").strip() for name, argument in ARGUMENTS.items()}
    known = {"theme": THEMES, "public": PUBLICS, "opened": OPENED, "cost": PAID}
    kept = {
        name: value if name not in known or value in known[name] else ""
        for name, value in given.items()
    }
    return Wanted(
        **{
            **kept,
            "words": kept["words"][:WORDS_MAX],
            "commune": kept["commune"][:CODE_LENGTH],
            "language": kept["language"][:LANGUAGE_MAX],
        }
    )


def address_of(wanted: Wanted, **changed: str) -> dict[str, str]:
    """Return the arguments of an address that asks for the same, but for what is changed."""
    values = {name: changed.get(name, getattr(wanted, name)) for name in ARGUMENTS}
    return {ARGUMENTS[name]: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    """Which offers of those that answer are shown: `number` counts from 1."""

    ids: Sequence[int]
    number: int

    @property
    def shown(self) -> Sequence[int]:
        """The offers of this page."""
        return self.ids[(self.number - 1) * A_PAGE : self.number * A_PAGE]

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-len(self.ids) // A_PAGE))


def page_here(ids: Sequence[int]) -> Page:
    """Return the page that the address asks for, or the nearest that there is."""
    asked = request.args.get("page", 1, type=int)
    return Page(ids, min(max(asked, 1), Page(ids, 1).last))


@bp.get("/guide")
@public
@kept_offline
def index() -> str:
    """Show the offers that answer, the best first, beside their map."""
    session, territory = request_session(), served_territory()
    contents = contents_of(session, territory.id)
    wanted, now = known_only(wanted_here(), contents), request_now()
    names = commune_names(session, [territory.id])
    found = answering(session, territory.id, wanted)
    page = page_here(held_only(found.ids, wanted.opened))
    cards = cards_of(session, page.shown)
    offers = card_views(cards, names, now)
    return render_template(
        "guide/index.html",
        wanted=wanted,
        offers=offers,
        page=page,
        why=why_found(found, cards) if found.words else {},
        mended=found.mended,
        total=contents.total,
        communes=[(code, name) for code, name in names.items() if code in contents.communes],
        themes=[(key, label) for key, label in THEMES.items() if key in contents.themes],
        theme_icons=THEME_ICONS,
        publics=PUBLICS.items(),
        opened=OPENED.items(),
        costs=PAID.items(),
        languages=[(language, language) for language in contents.languages],
        filters=[name for name in ARGUMENTS if name != "words" and getattr(wanted, name)],
        address_of=address_of,
        check_words=check_words,
        by_commune=[] if wanted.commune else by_commune(page.ids, names),
        now=now,
        edits=keeps_guide(),
    )


def by_commune(ids: Sequence[int], names: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Return (code, name, offers) of each commune, most offers first, then those that say none."""
    counts = communes_of(request_session(), ids)
    said = sorted((-n, names[code], code) for code, n in counts.items() if code in names)
    elsewhere = sum(n for code, n in counts.items() if code not in names)
    rows = [(code, name, -n) for n, name, code in said]
    return [*rows, ("", ALL_COMMUNES, elsewhere)] if elsewhere else rows


def known_only(wanted: Wanted, contents: Contents) -> Wanted:
    """Return what is wanted without a language that nobody speaks here."""
    return wanted if wanted.language in contents.languages else replace(wanted, language="")


def held_only(ids: Sequence[int], opened: str) -> Sequence[int]:
    """Return the offers at which people are received today, or now, when it is asked."""
    if not opened:
        return ids
    now, schedules = request_now(), schedules_of(request_session(), ids)
    return [key for key in ids if is_held(from_json(schedules[key]), opened, now)]


def why_found(found: Found, cards: Sequence[Card]) -> dict[int, str]:
    """Return for each offer that is shown why it answers, in words."""
    groups = synonym_groups(request_session(), served_territory().id)
    return {
        card.offer.id: reason_words(
            reasons(found.words, told_by(card.offer, card.structure), groups)
        )
        for card in cards
    }


def keeps_guide() -> bool:
    """Return whether the reader keeps the guide of this territory."""
    return may(current_actor(), Action.EDIT_GUIDE, Target(served_territory().id))


@bp.get("/guide/<code>")
@public
def show(code: str) -> str:
    """Show a structure and all that it offers."""
    session, territory, now = request_session(), served_territory(), request_now()
    structure = known_structure(session, territory.id, code)
    names = commune_names(session, [territory.id])
    words, doubtful = check_words(structure, now)
    return render_template(
        "guide/show.html",
        structure=structure,
        commune=names.get(structure.insee_code, ALL_COMMUNES),
        place=place_of(session, structure.id),
        quality=QUALITY_LABELS[structure.position_quality],
        offers=[offer_view(offer, structure, names, now) for offer in structure.offers],
        checked=words,
        doubtful=doubtful,
        edits=keeps_guide(),
    )


@bp.get("/guide/<code>/qr.svg")
@public
def qr(code: str) -> Response:
    """Return the QR code that leads to a structure."""
    structure = known_structure(request_session(), served_territory().id, code)
    return Response(qr_svg(card_address(structure.code)), mimetype=SVG)


def card_address(code: str) -> str:
    """Return the address of a structure's page, in full: paper has no site of its own."""
    base = (runtime().settings.public_url or request.host_url).rstrip("/")
    return f"{base}{url_for('guide.show', code=code)}"


@bp.get("/guide/livret.pdf")
@public
def booklet() -> ResponseReturnValue:
    """Return the guide as a booklet to print, of a commune and a theme when asked."""
    asked = wanted_here()
    wanted = Wanted(commune=asked.commune, theme=asked.theme)
    session, territory = request_session(), served_territory()
    names = commune_names(session, [territory.id])
    large = request.args.get("taille") == LARGE
    today = request_now().date()
    key = (territory.id, wanted, large, request.host, today, data_version(session))
    kept: OrderedDict[object, bytes] = current_app.extensions.setdefault(BOOKLETS, OrderedDict())
    content = kept.get(key)
    if content is None:
        offers = card_views(find_offers(session, territory.id, wanted), names, request_now())
        page = booklet_page(offers, wanted, names, large=large)
        close_session()  # laying out takes a second: no database connection is held meanwhile
        if len(offers) > MOST_PRINTED:
            return without_booklet(wanted, TOO_MANY)
        try:
            content = print_pdf(page)
        except CannotPrint:
            return without_booklet(wanted, BUSY)
        kept[key] = content
        while len(kept) > MOST_BOOKLETS:
            kept.popitem(last=False)
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="guide.pdf"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def without_booklet(wanted: Wanted, why: str) -> ResponseReturnValue:
    """Return to the guide, and say why there is no booklet."""
    flash(why, "error")
    return redirect(f"{url_for('guide.index')}?{urlencode(address_of(wanted))}", 303)


def booklet_page(
    offers: Sequence[OfferView], wanted: Wanted, names: Mapping[str, str], *, large: bool
) -> str:
    """Return the booklet as a page: by theme, then by commune; in large print when asked."""
    order = {theme: rank for rank, theme in enumerate(THEMES)}
    sorted_offers = sorted(
        offers,
        key=lambda o: (order[o.offer.theme], o.commune or "\uffff", o.structure.name),
    )
    sections = [
        (
            THEMES[theme],
            [
                (commune or ALL_COMMUNES, list(own))
                for commune, own in groupby(group, lambda o: o.commune)
            ],
        )
        for theme, group in groupby(sorted_offers, lambda o: o.offer.theme)
    ]
    codes = {offer.structure.code for offer in offers}
    return render_template(
        "guide/booklet.html",
        sections=sections,
        large=large,
        total=len(offers),
        commune=names.get(wanted.commune, ""),
        theme=THEMES.get(wanted.theme, ""),
        codes={code: data_url(qr_svg(card_address(code)), SVG) for code in codes},
        address=card_address("").rstrip("/"),
        check_words=check_words,
        now=request_now(),
    )
