"""A walk on the phone: stop after stop, points along the way. Forms, and records of the outbox."""

from datetime import UTC
from io import BytesIO
from typing import Any
from uuid import UUID, uuid5

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from qpvmap.core.errors import InvalidPhoto, InvalidSubmission, NotFound, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action
from qpvmap.core.photos import Areas, Moment, Size
from qpvmap.core.signalements import DESCRIPTION_MAX
from qpvmap.core.walks import (
    CHANGE_LABELS,
    DECISION_LABELS,
    GRADE_LABELS,
    LABEL_MAX,
    NOTE_MAX,
    STATE_LABELS,
    TEXT_MAX,
    Grade,
    RouteSource,
)
from qpvmap.pictures import prepare as prepare_picture
from qpvmap.storage.desk import teams_by_id
from qpvmap.storage.files import delete_photo, photo_path
from qpvmap.storage.models import Signalement, SiteWalk, WalkPhoto
from qpvmap.storage.walk_records import find_photo, point_by_client_id
from qpvmap.storage.walks import stop_by_client_id, stops_of
from qpvmap.usecases import walk_records as usecases
from qpvmap.usecases.photos import PhotoSending
from qpvmap.usecases.walk_stops import NewStop, set_route
from qpvmap.usecases.walk_stops import add_stop as add_walk_stop
from qpvmap.usecases.walks import start_walk
from qpvmap.web.filters import request_now
from qpvmap.web.offline import kept_offline
from qpvmap.web.operations import read_degrees
from qpvmap.web.outbox_door import accepted
from qpvmap.web.photos import KEPT, MAX_PHOTO_BODY, receive_photo, sent_files, version_of
from qpvmap.web.round_view import middle
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor, is_outbox_request, takes_up_to
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.signalements import offered_categories, served
from qpvmap.web.walk_forms import (
    Form,
    Typed,
    new_id,
    read_id,
    read_instant,
    read_photo,
    read_point,
    read_route,
    read_visit,
)
from qpvmap.web.walk_keys import WALK, named_by_key
from qpvmap.web.walk_view import found_walk, gathered
from qpvmap.web.walks import BAD_DEGREES

bp = named_by_key("walk_field", __name__)

READ = access(Action.VIEW_WALK)
RECORD = access(Action.RECORD_WALK)
NO_PHOTO = "Choisissez d’abord une photo."


@bp.get(WALK)
@READ
@kept_offline
def show(walk_id: int) -> ResponseReturnValue:
    """Show the walk to those who write on it; to others, and once it is over, its report."""
    return field_page(walk_id)


def field_page(walk_id: int, form: str = "", typed: Typed | None = None) -> ResponseReturnValue:
    """Return the walk as it is on the phone, with what was just refused if anything was."""
    walk = found_walk(walk_id)
    view, before = gathered(walk)
    if not (view.is_open and view.rights.record):
        return redirect(url_for("walk_report.show", walk_id=walk_id), 303)
    session = request_session()
    page = render_template(
        "walks/field.html",
        view=view,
        walk=walk,
        before=before,
        form=form,
        typed=typed or Typed({}, {}),
        client_id=new_id(),
        made=request_now().astimezone(UTC).isoformat(),
        label_max=LABEL_MAX,
        center=middle(),
        categories=offered_categories(session, current_actor(), served(session)),
        open_stop=open_stop(view.stops),
        teams=teams_by_id(session, [walk.territory_id]).values() if view.rights.lead else [],
        photo_ids={stop.row.id: new_id() for stop in view.stops},
        stop_choices=[(s.row.id, f"Arrêt {s.row.position}. {s.row.label}") for s in view.stops],
        **words(),
    )
    return page, 200, {"Cache-Control": "private, no-cache"}


def words() -> dict[str, Any]:
    """Return the words and limits that the pages of a walk share."""
    return {
        "grades": list(Grade),
        "grade_labels": GRADE_LABELS,
        "change_labels": CHANGE_LABELS,
        "decision_labels": DECISION_LABELS,
        "walk_states": STATE_LABELS,
        "note_max": NOTE_MAX,
        "text_max": TEXT_MAX,
        "description_max": DESCRIPTION_MAX,
    }


def open_stop(stops: Any) -> int | None:
    """Return the stop to open: the one asked for, else the first where nobody was."""
    wanted = request.args.get("arret", type=int)
    keys = [stop.row.id for stop in stops]
    if wanted in keys:
        return wanted
    return next((stop.row.id for stop in stops if not stop.is_seen), keys[0] if keys else None)


@bp.post(f"{WALK}/commencer")
@RECORD
def start(walk_id: int) -> ResponseReturnValue:
    """Say that the walk sets out."""
    try:
        with unit_of_work() as session:
            start_walk(session, current_actor(), walk_id, request_now())
    except InvalidSubmission as error:
        flash(str(error), "error")
    return redirect(url_for("walk_field.show", walk_id=walk_id), 303)


@bp.post(f"{WALK}/arrets/en-chemin")
@access(Action.LEAD_WALK)
def add_stop(walk_id: int) -> ResponseReturnValue:
    """Add a stop that nobody had planned, where a phone stands, perhaps long ago."""
    form = request.form
    point = LonLat(read_angle(form, "lon", 180), read_angle(form, "lat", 90))
    asked = NewStop(read_id(form), point, form.get("label", ""), "", read_instant(form))
    with unit_of_work() as session:
        stop, created = add_walk_stop(session, current_actor(), walk_id, asked, request_now())
        name, place = stop.label, stop.position
    said = f"Arrêt {place}. {name}"
    at = url_for("walk_field.show", walk_id=walk_id, arret=stop.id)
    here = {"label": name, "lon": point.lon, "lat": point.lat}
    return kept(asked.client_id, created, said, at, f"{said}, ajouté.", stop=here)


def read_angle(form: Form, name: str, most: int) -> float:
    """Return a longitude or a latitude.

    Raises
    ------
    InvalidSubmission
        If it cannot be read.
    """
    found = read_degrees(form.get(name, ""), most)
    if found is None:
        raise InvalidSubmission({name: BAD_DEGREES})
    return found


def sent_form(walk_id: int) -> Form:
    """Return the form that was sent; a stop that a phone added says the identifier it drew for it.

    Raises
    ------
    InvalidSubmission
        If it is no identifier.
    NotFound
        If the walk has no such stop.
    """
    form, key = MultiDict(request.form), request.form.get("stop_id", "")
    if key and not key.isdecimal():
        stop = stop_by_client_id(request_session(), read_id(form, "stop_id"))
        if stop is None or stop.walk_id != walk_id:
            raise NotFound("Arrêt", key)
        form["stop_id"] = str(stop.id)
    return form


@bp.post(f"{WALK}/releves")
@RECORD
def record(walk_id: int) -> ResponseReturnValue:
    """Keep what was said at a stop."""
    walk = found_walk(walk_id)
    try:
        visit = read_visit(sent_form(walk_id), walk.item_codes)
        with unit_of_work() as session:
            created = usecases.record_visit(session, current_actor(), walk_id, visit, request_now())
    except InvalidSubmission as error:
        return refused(walk_id, f"arret-{request.form.get('stop_id')}", error)
    at = url_for("walk_field.show", walk_id=walk_id)
    return kept(visit.client_id, created, f"Arrêt de «\u00a0{walk.title}\u00a0»", at, "Noté.")


@bp.post(f"{WALK}/points")
@RECORD
@takes_up_to(MAX_PHOTO_BODY)
def add_point(walk_id: int) -> ResponseReturnValue:
    """Keep something noted along the way; a form without a script brings its photo along."""
    walk = found_walk(walk_id)
    try:
        stops = {stop.id: stop for stop in stops_of(request_session(), [walk_id])}
        asked = read_point(sent_form(walk_id), stops)
        with unit_of_work() as session:
            point, created = usecases.add_point(
                session, current_actor(), walk_id, asked, request_now()
            )
            reference = reference_of(session, point.signalement_id)
    except InvalidSubmission as error:
        return refused(walk_id, "point", error)
    except OutsideTerritory as error:
        return refused(walk_id, "point", InvalidSubmission({"lieu": str(error)}))
    if not is_outbox_request():
        keep_form_photo(walk, point.client_id, reference)
    at = url_for("walk_field.show", walk_id=walk_id)
    client_id = point.client_id
    if reference is None:
        return kept(client_id, created, "Ce qui va bien", at, "Noté\u00a0: cela va bien.")
    href = url_for("signalement_page.show", reference=reference)
    return kept(client_id, created, reference, at, f"Signalé\u00a0: {reference}.", href)


def keep_form_photo(walk: SiteWalk, point: UUID, reference: str | None) -> None:
    """Keep the photo that came with a point; one that cannot be read does not undo the point."""
    for file in sent_files()[:1]:
        sending = usecases.WalkPhotoSending(uuid5(point, "photo"), point=point)
        try:
            keep_photo(walk, sending, file.read(), reference)
        except InvalidPhoto as error:
            flash(f"Le point est gardé, mais pas sa photo. {error}", "error")


@bp.post(f"{WALK}/photos")
@RECORD
@takes_up_to(MAX_PHOTO_BODY)
def add_photo(walk_id: int) -> ResponseReturnValue:
    """Keep a photo of a stop or of a point; that of a defect goes to its signalement."""
    walk, files = found_walk(walk_id), sent_files()
    try:
        if not files:
            raise InvalidPhoto(NO_PHOTO)
        sending = read_photo(sent_form(walk_id))
        reference = reference_at(sending.point)
        created = keep_photo(walk, sending, files[0].read(), reference)
    except (InvalidSubmission, InvalidPhoto) as error:
        if is_outbox_request():
            raise
        flash(str(error), "error")
        return redirect(url_for("walk_field.show", walk_id=walk_id), 303)
    at = url_for("walk_field.show", walk_id=walk_id, arret=sending.stop_id)
    return kept(sending.client_id, created, "Photo de la marche", at, "Photo ajoutée.")


def keep_photo(
    walk: SiteWalk, sending: usecases.WalkPhotoSending, content: bytes, reference: str | None
) -> bool:
    """Keep a photo, decoded while no database connection is held; return whether it is new."""
    actor, now = current_actor(), request_now()
    if reference:
        from_outbox = PhotoSending(sending.client_id, Moment.BEFORE)
        return receive_photo(reference, from_outbox, FileStorage(BytesIO(content))).created
    walk_id = walk.id
    with unit_of_work() as session:
        if usecases.earlier_photo(session, actor, walk_id, sending, now) is not None:
            return False
    close_session()
    picture = prepare_picture(content)
    with unit_of_work() as session:
        files = runtime().files
        return usecases.add_photo(session, files, actor, walk_id, sending, picture, now)[1]


def reference_at(point: UUID | None) -> str | None:
    """Return the reference of the signalement that a point is, if it is one."""
    session = request_session()
    found = point_by_client_id(session, point) if point else None
    return reference_of(session, found.signalement_id) if found else None


def reference_of(session: Session, signalement_id: int | None) -> str | None:
    """Return the reference of a signalement by its key."""
    if signalement_id is None:
        return None
    return session.get_one(Signalement, signalement_id).reference


@bp.post(f"{WALK}/trajet")
@RECORD
def record_route(walk_id: int) -> ResponseReturnValue:
    """Keep the line of the walk as a phone recorded it, because somebody asked it to."""
    points, _ = read_route(request.form)
    sending = read_id(request.form)
    with unit_of_work() as session:
        actor, now = current_actor(), request_now()
        created = set_route(session, actor, walk_id, points, RouteSource.RECORDED, now, sending)
    at = url_for("walk_field.show", walk_id=walk_id)
    return kept(sending, created, "Trajet de la marche", at, "Trajet enregistré.")


@bp.get("/photos/<int(max=9223372036854775807):photo_id>/<size>.webp")
@READ
def photo(photo_id: int, size: str) -> Response:
    """Return a photo of a walk."""
    found = find_photo(request_session(), current_actor(), photo_id)
    if found is None or size not in set(Size):
        raise NotFound("Photo", str(photo_id))
    close_session()  # a slow network must not hold a connection while it is sent
    content = runtime().files.get(photo_path(found.key, Size(size)))
    if content is None:
        raise NotFound("Photo", str(photo_id))
    etag = f"{version_of(found)}-{size}"
    response = send_file(BytesIO(content), "image/webp", conditional=True, etag=etag)
    response.headers["Cache-Control"] = KEPT
    return response


@bp.post("/photos/<int(max=9223372036854775807):photo_id>/retirer")
@RECORD
def remove_photo(photo_id: int) -> ResponseReturnValue:
    """Remove a photo for good."""
    found = find_photo(request_session(), current_actor(), photo_id)
    if found is None:
        raise NotFound("Photo", str(photo_id))
    walk_id = found.walk_id
    with unit_of_work() as session:
        former = usecases.remove_photo(session, current_actor(), photo_id, request_now())
    delete_photo(runtime().files, former)
    flash("Photo retirée.", "success")
    return redirect(url_for("walk_report.show", walk_id=walk_id), 303)


@bp.post("/photos/<int(max=9223372036854775807):photo_id>/noircir")
@RECORD
def blacken_photo(photo_id: int) -> ResponseReturnValue:
    """Black out parts of a photo; what was under them is destroyed."""
    areas, files = Areas.parse(request.form.get("areas", "")), runtime().files
    found = find_photo(request_session(), current_actor(), photo_id)
    if found is None:
        raise NotFound("Photo", str(photo_id))
    walk_id = found.walk_id
    with unit_of_work() as session:
        former = usecases.redact_photo(session, files, current_actor(), photo_id, areas)
    delete_photo(files, former)
    flash("Photo noircie. L’original est détruit.", "success")
    return redirect(url_for("walk_report.show", walk_id=walk_id), 303)


def walk_photo_url(shown: WalkPhoto, size: str = Size.FULL) -> str:
    """Return the address of a photo for a page."""
    return url_for("walk_field.photo", photo_id=shown.id, size=size, v=version_of(shown))


def kept(
    client_id: UUID, created: bool, title: str, at: str, said: str, href: str = "", **more: Any
) -> ResponseReturnValue:
    """Answer that something is kept: to an outbox by its key, to a form by the page again."""
    if is_outbox_request():
        return accepted(client_id, created=created, title=title, href=href or at, **more)
    flash(said, "success")
    return redirect(at, 303)


def refused(walk_id: int, form: str, error: InvalidSubmission) -> ResponseReturnValue:
    """Answer what is wrong: to an outbox as it expects, to a form with all that was typed."""
    if is_outbox_request():
        raise error
    page = field_page(walk_id, form, Typed(request.form.to_dict(), error.fields))
    return (page[0], 422) if isinstance(page, tuple) else page


bp.add_app_template_global(walk_photo_url)
