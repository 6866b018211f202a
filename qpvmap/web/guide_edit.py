"""`/coordination/guide`: who keeps the guide adds, corrects, decides what structures send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.guide import COSTS, PUBLICS, THEMES, Quality
from qpvmap.core.permissions import Action
from qpvmap.guide_links import guide_links
from qpvmap.outputs.guide_letter import ask_to_review
from qpvmap.storage.desk import commune_names
from qpvmap.storage.equipment import equipment_named
from qpvmap.storage.guide import (
    history_of,
    offer_by_id,
    place_of,
    structures_of,
    waiting_proposals,
)
from qpvmap.storage.guide_search import synonym_groups
from qpvmap.storage.models import GuideStructure
from qpvmap.usecases.guide import (
    Editing,
    offer_values,
    remove_offer,
    remove_structure,
    save_offer,
    save_structure,
    save_synonyms,
    structure_values,
)
from qpvmap.usecases.guide_review import ReviewLetter, ask_review, decide, known_structure
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.ground import sent_version
from qpvmap.web.guide_forms import read_offer, read_place, read_structure, sent_values
from qpvmap.web.guide_view import ALL_COMMUNES, check_words
from qpvmap.web.guide_words import FIELD_LABELS, difference_lines
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

DECISIONS = {True: "correction publiée", False: "correction écartée"}

bp = Blueprint("guide_edit", __name__, url_prefix="/coordination/guide")

KEEP = access(Action.EDIT_GUIDE)
MAX_ID = 9223372036854775807
OFFER = f"/<code>/offres/<int(max={MAX_ID}):offer_id>"
PROPOSAL = f"/corrections/<int(max={MAX_ID}):proposal_id>"
UNPLACED = {
    True: " Son adresse n’est pas encore trouvée\u00a0: elle sera cherchée de nouveau. "
    "Vous pouvez aussi poser le repère.",
    False: " Elle n’est pas sur la carte\u00a0: lieu inconnu.",
}
"""What is said of a structure that has no place, by whether it gives an address."""
CHANGED_MEANWHILE = (
    "Une autre personne vient de changer cette structure. "
    "Vérifiez, puis enregistrez de nouveau\u00a0: ce que vous avez saisi est gardé."
)


@dataclass(frozen=True, slots=True)
class Form:
    """What a form shows: its values, what was refused of them, the version it was made from."""

    values: Mapping[str, Any]
    version: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


def editing(version: int = 0) -> Editing:
    """Return who changes the guide, and from which version."""
    return Editing(current_actor(), served_territory().id, request_now(), version)


@bp.get("")
@KEEP
def index() -> str:
    """Show the structures, what is to check, and the corrections that wait."""
    session, territory = request_session(), served_territory()
    rows = structures_of(session, territory.id)
    lines = [(row, *check_words(row, request_now())) for row in rows]
    return render_template(
        "guide/keep.html",
        lines=sorted(lines, key=lambda line: not line[2]),
        doubtful=sum(line[2] for line in lines),
        proposals=[
            (proposal, structure, difference_lines(proposal, structure))
            for proposal, structure in waiting_proposals(session, territory.id)
        ],
        communes=commune_names(session, [territory.id]),
    )


@bp.get("/nouvelle")
@KEEP
def new() -> str:
    """Show an empty form."""
    return structure_form(Form({"to_check": True}))


@bp.post("/nouvelle")
@KEEP
def add() -> ResponseReturnValue:
    """Add the structure that the form describes."""
    return saved_structure(None)


@bp.get("/<code>")
@KEEP
def edit(code: str) -> str:
    """Show a structure, to correct it."""
    structure = known_structure(request_session(), served_territory().id, code)
    return structure_form(Form(shown_values(structure), structure.version), structure)


@bp.post("/<code>")
@KEEP
def change(code: str) -> ResponseReturnValue:
    """Write a structure anew as the form describes it."""
    return saved_structure(code)


def shown_values(structure: GuideStructure) -> dict[str, Any]:
    """Return a structure as its form shows it, its place too."""
    place = place_of(request_session(), structure.id)
    degrees = {"lon": f"{place[0]:.6f}", "lat": f"{place[1]:.6f}"} if place else {}
    return {**structure_values(structure), **degrees, "quality": structure.position_quality}


def structure_form(form: Form, structure: GuideStructure | None = None) -> str:
    """Return the form of a structure, with its offers and its history once it exists."""
    session, territory = request_session(), served_territory()
    names = commune_names(session, [territory.id])
    place, middle = place_of(session, structure.id) if structure else None, territory.center
    codes = [structure.insee_code] if structure and structure.insee_code else list(names)
    return render_template(
        "guide/edit.html",
        pin=place or (middle and (middle.lon, middle.lat)),
        near=equipment_named(session, structure.name, codes) if structure and not place else [],
        form=form,
        structure=structure,
        communes=[("", ALL_COMMUNES), *names.items()],
        history=history_of(session, structure.id) if structure else [],
        checked=check_words(structure, request_now())[0] if structure else "",
        labels=FIELD_LABELS,
    )


def saved_structure(code: str | None) -> ResponseReturnValue:
    """Save what the form says; what is refused keeps what was typed."""
    session, territory_id = request_session(), served_territory().id
    known = known_structure(session, territory_id, code) if code else None
    sent, version = sent_values(request.form), sent_version(request.form)
    try:
        draft = read_structure(request.form)
        placed = read_place(request.form, draft, shown_values(known) if known else {})
        with unit_of_work() as opened:
            structure = save_structure(opened, editing(version), draft, placed, code)
            code, quality = structure.code, structure.position_quality
    except InvalidSubmission as error:
        return structure_form(Form(sent, version, error.fields), known), 422
    except StaleVersion as error:
        errors = {"name": CHANGED_MEANWHILE}
        return structure_form(Form(sent, error.current, errors), known), 409
    unplaced = UNPLACED[bool(draft.address)] if quality == Quality.COMMUNE else ""
    flash(f"Structure enregistrée.{unplaced}", "success")
    return redirect(url_for("guide_edit.edit", code=code), 303)


def done(code: str, act: Callable[[Session], object], words: str, back: str) -> ResponseReturnValue:
    """Do something to a structure, then say so; what somebody changed meanwhile is said too."""
    try:
        with unit_of_work() as session:
            act(session)
    except StaleVersion:
        flash(CHANGED_MEANWHILE, "error")
        return redirect(url_for("guide_edit.edit", code=code), 303)
    except CannotChange as error:
        flash(str(error), "error")
        return redirect(url_for("guide_edit.edit", code=code), 303)
    flash(words, "success")
    return redirect(back, 303)


@bp.post("/<code>/retirer")
@KEEP
def remove(code: str) -> ResponseReturnValue:
    """Take a structure out of the guide."""
    who = editing(sent_version(request.form))
    back = url_for("guide_edit.index")
    return done(code, lambda s: remove_structure(s, who, code), "Structure retirée du guide.", back)


@bp.post("/<code>/demander")
@KEEP
def ask(code: str) -> ResponseReturnValue:
    """Send the structure the link by which it checks its page."""
    who = editing(sent_version(request.form))
    back = url_for("guide_edit.edit", code=code)
    return done(code, lambda s: ask_review(s, who, code, review_letter), "Courriel envoyé.", back)


def review_letter(structure: GuideStructure, territory_name: str) -> ReviewLetter:
    """Return the mail that asks a structure to check its page."""
    link = guide_links(runtime().settings).review(structure.id, structure.email)
    again = structure.asked > 0
    return ReviewLetter(*ask_to_review(structure.name, territory_name, link, again=again))


@bp.get("/<code>/offres/nouvelle")
@KEEP
def new_offer(code: str) -> str:
    """Show an empty form of an offer."""
    structure = known_structure(request_session(), served_territory().id, code)
    return offer_form(Form({"cost": "unknown"}, structure.version), structure)


@bp.post("/<code>/offres/nouvelle")
@KEEP
def add_offer(code: str) -> ResponseReturnValue:
    """Add the offer that the form describes."""
    return saved_offer(code, None)


@bp.get(OFFER)
@KEEP
def edit_offer(code: str, offer_id: int) -> str:
    """Show an offer, to correct it."""
    session, territory_id = request_session(), served_territory().id
    structure = known_structure(session, territory_id, code)
    offer = offer_by_id(session, territory_id, offer_id)
    if offer is None or offer.structure_id != structure.id:
        raise NotFound("Offre", str(offer_id))
    return offer_form(Form(offer_values(offer), structure.version), structure, offer_id)


@bp.post(OFFER)
@KEEP
def change_offer(code: str, offer_id: int) -> ResponseReturnValue:
    """Write an offer anew as the form describes it."""
    return saved_offer(code, offer_id)


@bp.post(f"{OFFER}/retirer")
@KEEP
def drop_offer(code: str, offer_id: int) -> ResponseReturnValue:
    """Take an offer out of the guide."""
    who = editing(sent_version(request.form))
    back = url_for("guide_edit.edit", code=code)
    return done(code, lambda s: remove_offer(s, who, code, offer_id), "Offre retirée.", back)


def offer_form(form: Form, structure: GuideStructure, offer_id: int | None = None) -> str:
    """Return the form of an offer."""
    return render_template(
        "guide/edit_offer.html",
        form=form,
        structure=structure,
        offer_id=offer_id,
        themes=[("", "Choisissez"), *THEMES.items()],
        publics=PUBLICS.items(),
        costs=COSTS.items(),
    )


def saved_offer(code: str, offer_id: int | None) -> ResponseReturnValue:
    """Save what the form says; what is refused keeps what was typed."""
    structure = known_structure(request_session(), served_territory().id, code)
    sent, version = sent_values(request.form), sent_version(request.form)
    try:
        with unit_of_work() as session:
            save_offer(session, editing(version), code, read_offer(request.form), offer_id)
    except InvalidSubmission as error:
        return offer_form(Form(sent, version, error.fields), structure, offer_id), 422
    except StaleVersion as error:
        errors = {"title": CHANGED_MEANWHILE}
        return offer_form(Form(sent, error.current, errors), structure, offer_id), 409
    flash("Offre enregistrée.", "success")
    return redirect(url_for("guide_edit.edit", code=code), 303)


@bp.post(f"{PROPOSAL}/accepter")
@KEEP
def accept(proposal_id: int) -> ResponseReturnValue:
    """Put a correction on the page."""
    return decided(proposal_id, accepted=True)


@bp.post(f"{PROPOSAL}/refuser")
@KEEP
def refuse(proposal_id: int) -> ResponseReturnValue:
    """Leave the page as it is."""
    return decided(proposal_id, accepted=False)


def decided(proposal_id: int, *, accepted: bool) -> ResponseReturnValue:
    """Decide on a correction, and say what came of it."""
    actor, territory_id = current_actor(), served_territory().id
    try:
        with unit_of_work() as session:
            structure = decide(
                session, actor, territory_id, proposal_id, accepted=accepted, now=request_now()
            )
            name, closed = structure.name, structure.removed_at is not None
    except (CannotChange, InvalidSubmission) as error:
        flash(str(error), "error")
        return redirect(url_for("guide_edit.index"), 303)
    done_words = "retirée du guide" if closed else DECISIONS[accepted]
    flash(f"{name}\u00a0: {done_words}.", "success")
    return redirect(url_for("guide_edit.index"), 303)


@bp.get("/mots")
@KEEP
def words() -> str:
    """Show the words that mean the same to those who look for something."""
    groups = synonym_groups(request_session(), served_territory().id)
    return words_form("\n".join(", ".join(group) for group in groups), {})


@bp.post("/mots")
@KEEP
def save_words() -> ResponseReturnValue:
    """Write these words anew."""
    text = request.form.get("terms", "").replace("\r\n", "\n")
    try:
        with unit_of_work() as session:
            count = save_synonyms(session, editing(), text)
    except InvalidSubmission as error:
        return words_form(text, error.fields), 422
    flash(f"{count} groupe{'s' if count > 1 else ''} de mots enregistrés.", "success")
    return redirect(url_for("guide_edit.words"), 303)


def words_form(text: str, errors: Mapping[str, str]) -> str:
    """Return the form of the synonyms."""
    return render_template("guide/words.html", text=text, errors=errors)
