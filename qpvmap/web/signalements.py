"""`/signaler`: file a signalement, in three steps with a script, as one long form without."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    get_template_attribute,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from qpvmap.core.actors import Actor
from qpvmap.core.contacts import on_behalf_of
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NoTeam, OutsideTerritory
from qpvmap.core.french import distance
from qpvmap.core.geo import LonLat, accuracy_within_bounds
from qpvmap.core.permissions import Action, Nature, Target, may
from qpvmap.core.places import words_near
from qpvmap.core.signalements import DESCRIPTION_MAX, Submission, parse_submission
from qpvmap.geocoding import GeocoderUnavailable, reverse
from qpvmap.storage import signalements as rows
from qpvmap.storage.contacts import filed_contact
from qpvmap.storage.models import Category, Territory
from qpvmap.usecases.signalements import Preview, Receipt, preview, submit
from qpvmap.web.context import served_territory
from qpvmap.web.discretion import advice
from qpvmap.web.drafts import Draft
from qpvmap.web.filters import quarter_words, request_now
from qpvmap.web.near import Near, near_by
from qpvmap.web.offline import kept_offline
from qpvmap.web.photos import album_of
from qpvmap.web.positions import Choice, Found, find_position
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.signalement_around import ground_of
from qpvmap.web.throttle import slow_anonymous_filing
from qpvmap.web.tickets import filed_here, remember_filed

blueprint = Blueprint("filing", __name__)

COMMON_CATEGORIES = 9

TOO_MANY = (
    "Trop de signalements sans compte depuis cet accès à internet. Renvoyez celui-ci dans une "
    "heure, ou connectez-vous."
)
RESERVED = (
    "Cette catégorie est réservée aux services et aux médiateurs. Connectez-vous, "
    "ou choisissez-en une autre."
)
FIELD_OF = {
    "lon": "lieu",
    "lat": "lieu",
    "accuracy_m": "lieu",
    "position_method": "lieu",
    "captured": "lieu",
    "contact.name": "contact_name",
    "contact.email": "contact_email",
    "contact.phone": "contact_phone",
}
"""Where the page shows the fault of a field that it does not show itself."""
SHOWN = ("form", "lieu", "category", "description", "confirmed")


def served(db: Session) -> Territory:
    """Return the territory of this site, or answer 404 when none is loaded."""
    territory = rows.territory_by_code(db, served_territory().code)
    if territory is None:
        abort(404)
    return territory


def offered_categories(db: Session, actor: Actor, territory: Territory) -> list[Category]:
    """Return the categories that `actor` may file on the territory."""
    return [
        category
        for category in rows.categories_of(db, territory.id)
        if may(actor, Action.SUBMIT, Target(territory.id, Nature(category.nature)))
    ]


def place_on_page(name: str) -> int:
    """Return where a field stands on the page, so that faults are told in that order."""
    return SHOWN.index(name) if name in SHOWN else len(SHOWN)


def show_form(
    draft: Draft, errors: Mapping[str, str], status: int = 200, choices: Sequence[Choice] = ()
) -> ResponseReturnValue:
    """Return the form with what was typed, what is wrong with it, and places to choose among."""
    db, actor = request_session(), current_actor()
    categories = offered_categories(db, actor, served(db))
    page = render_template(
        "signalements/new.html",
        draft=draft,
        errors={name: errors[name] for name in sorted(errors, key=place_on_page)},
        choices=choices,
        on_behalf=on_behalf_of(actor) is not None,
        common=categories[:COMMON_CATEGORIES],
        others=categories[COMMON_CATEGORIES:],
        center=served_territory().center,
    )
    return page, status, {"Cache-Control": "private, no-store"}


@blueprint.get("/signaler")
@public
@kept_offline
def new() -> ResponseReturnValue:
    """Show the form, started from the address if it says where or what."""
    return show_form(Draft.read(request.args), {})


@blueprint.post("/signaler")
@public
def create() -> ResponseReturnValue:
    """File it and show the receipt, or give the form back with what is to be put right."""
    draft = Draft.read(request.form)
    try:
        submission = read_submission(draft)
        require_discretion(draft)
        require_new(draft, submission)
        reference = file_submission(submission).signalement.reference
    except InvalidPosition as refused:
        errors = {**refused.others, "lieu": refused.found.error}
        return show_form(draft, errors, 422, refused.found.choices)
    except InvalidSubmission as refused:
        return show_form(draft, by_shown_field(refused.fields), 422)
    except AlreadyNear as found:
        return show_near(draft, found.near)
    except NotAllowed:
        return show_form(draft, {"category": RESERVED}, 403)
    except (OutsideTerritory, NoTeam) as refused:
        return show_form(draft, {"lieu": str(refused)}, 422)
    except TooManyRequests:
        return show_form(draft, {"form": TOO_MANY}, 429)
    return redirect(url_for("filing.sent", reference=reference), 303)


@dataclass
class InvalidPosition(Exception):
    """The words lead to no one place; `others` are the faults of the other fields."""

    found: Found
    others: Mapping[str, str]


@dataclass
class AlreadyNear(Exception):
    """The same may have been reported near by, and the author has not been told yet."""

    near: Near


def require_new(draft: Draft, submission: Submission) -> None:
    """Do nothing when nothing was reported near by, or the author has seen it.

    Raises
    ------
    AlreadyNear
        Otherwise. Nothing is refused: the author says whether it is the same.
    """
    db = request_session()
    if draft.near_seen or rows.by_client_id(db, submission.client_id):
        return  # an answer that was lost is not somebody else's report
    near = near_by(db, current_actor(), served(db), submission.point, submission.category)
    if near.reported:
        raise AlreadyNear(near)


def show_near(draft: Draft, near: Near) -> ResponseReturnValue:
    """Ask whether it is one of these, and keep everything that was typed."""
    kept = {name: value for name, value in asdict(draft).items() if value}
    page = render_template("signalements/near.html", near=near, kept=kept)
    return page, 200, {"Cache-Control": "private, no-store"}


def read_submission(draft: Draft) -> Submission:
    """Return the submission of a draft.

    Raises
    ------
    InvalidPosition, InvalidSubmission
        With everything that is wrong at once.
    """
    if draft.lon and draft.lat:
        return parse_submission(draft.fields(None))
    found = find_position(current_actor(), served_territory(), draft.lieu)
    if found.point:
        return parse_submission(draft.fields(found))
    raise InvalidPosition(found, other_faults(draft))


def require_discretion(draft: Draft) -> None:
    """Do nothing when the text holds nothing personal, will not be public, or was confirmed.

    Raises
    ------
    InvalidSubmission
        Otherwise, with what is to be taken out of the text or confirmed.
    """
    words = "" if draft.confirmed else advice_on(draft.category, draft.description)
    if words:
        raise InvalidSubmission({"confirmed": words})


def advice_on(category_code: str, text: str) -> str:
    """Return what looks personal in `text`; nothing for categories that are not public."""
    words = advice(text)
    if not words:
        return ""
    db = request_session()
    category = rows.category_by_code(db, served(db).id, category_code)
    is_confidential = category is not None and category.nature == Nature.TRANQUILLITE
    return "" if is_confidential else words


def other_faults(draft: Draft) -> dict[str, str]:
    """Return what is wrong with a draft besides its place."""
    try:
        parse_submission(draft.fields(Found(LonLat(0, 0), address=draft.lieu)))
    except InvalidSubmission as refused:
        return by_shown_field(refused.fields)
    return {}


def by_shown_field(faults: Mapping[str, str]) -> dict[str, str]:
    """Return the messages under the names of fields that the page shows."""
    return {FIELD_OF.get(name, name): message for name, message in faults.items()}


def file_submission(submission: Submission, clock_off_s: int | None = None) -> Receipt:
    """File it in one transaction; this browser remembers its reference."""
    actor = current_actor()
    submission = with_address(submission)
    # The count has a transaction of its own: hold no other connection meanwhile.
    close_session()
    slow_anonymous_filing()
    with unit_of_work() as db:
        receipt = submit(db, actor, served(db), submission, request_now(), clock_off_s=clock_off_s)
    if actor.is_anonymous:
        remember_filed(receipt.signalement.reference)
    return receipt


def with_address(submission: Submission) -> Submission:
    """Return a submission with the nearest address, said to be found, when nobody typed one.

    What is confidential is not told to the address service; one that is down changes nothing.
    """
    settings = runtime().settings
    if submission.address or not settings.geocoder_url:
        return submission
    db = request_session()
    category = rows.category_by_code(db, served(db).id, submission.category)
    close_session()  # the service may be slow: it must not hold a database connection meanwhile
    if category is None or category.nature == Nature.TRANQUILLITE:
        return submission
    try:
        nearest = reverse(settings, submission.point)
    except GeocoderUnavailable:
        return submission
    if nearest is None:
        return submission
    address, distance_m = nearest
    return submission.model_copy(update={"address": words_near(address.label, distance_m)})


@blueprint.get("/signaler/envoye/<reference>")
@public
def sent(reference: str) -> ResponseReturnValue:
    """Show the receipt to the one who filed it, and to nobody else."""
    db, actor = request_session(), current_actor()
    signalement = rows.find_visible(db, actor, reference)
    if signalement is None or not is_author(actor, signalement.reporter_id, reference):
        abort(404)
    page = render_template(
        "signalements/sent.html",
        signalement=signalement,
        location=rows.stored_location(db, signalement),
        place=rows.point_at(db, signalement.id),
        contact=filed_contact(db, signalement.id),
        album=album_of(signalement),
        **ground_of(db, signalement),
    )
    return page, 200, {"Cache-Control": "private, no-store"}


def is_author(actor: Actor, reporter_id: int | None, reference: str) -> bool:
    """Return whether the reader filed it: by account, or from this browser without one."""
    if reporter_id is None:
        return filed_here(reference)
    return reporter_id == actor.account_id


@blueprint.get("/signaler/lieu")
@public
def where() -> ResponseReturnValue:
    """Say, in words, where a point is and who would take a category there. Writes nothing."""
    db, actor = request_session(), current_actor()
    values = request.args
    try:
        point = LonLat(float(values.get("lon", "")), float(values.get("lat", "")))
        accuracy_m = accuracy_within_bounds(float(values.get("accuracy_m") or 0))
    except ValueError:
        return jsonify(error="Coordonnées illisibles."), 400
    priority = Priority.EMERGENCY if values.get("danger") else Priority.NORMAL
    category, now = values.get("category"), request_now()
    try:
        seen = preview(db, actor, served(db), point, accuracy_m, category, now, priority=priority)
    except OutsideTerritory as refused:
        return jsonify(served=False, message=str(refused))
    except (InvalidSubmission, NotAllowed, NoTeam) as refused:
        return jsonify(error=str(refused)), 422
    near = near_by(db, actor, served(db), point, category)
    answer = jsonify(served=True, **in_words(seen), near=render_near(near))
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/signaler/verifier")
@public
def check_text() -> ResponseReturnValue:
    """Say what in a text looks personal, before it is sent. Keeps nothing of it."""
    text = request.form.get("description", "")[:DESCRIPTION_MAX]
    return jsonify(message=advice_on(request.form.get("category", ""), text))


def in_words(seen: Preview) -> dict[str, Any]:
    """Return a preview as the page says it."""
    qpv = seen.location.qpv
    near = bool(qpv and (qpv.inside or qpv.share_inside >= 0.005))
    html = current_app.jinja_env.get_template("signalements/_handling.html")
    return {
        "inside": near,
        "quarter": quarter_words(qpv),
        "outside": "" if near else render_outside(seen),
        "handling": html.render(seen=seen, now=request_now()),
    }


def render_near(near: Near) -> str:
    """Return what was already reported near by, as the page says it; empty when nothing was."""
    near_list = get_template_attribute("signalements/_near.html", "near_list")
    return str(near_list(near)) if near.reported else ""


def render_outside(seen: Preview) -> str:
    """Return what is said to somebody who stands outside the quarter."""
    qpv = seen.location.qpv
    where = f"à {distance(qpv.distance_m)}" if qpv else "loin"
    return f"Ce lieu est {where} du quartier. Le signalement part quand même au bon service."
