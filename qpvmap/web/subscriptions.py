"""`/suivre`: follow a signalement, a street, a quarter, a category, with an account or by mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.subscriptions import (
    SubscriptionKind,
    Wish,
    email_address,
    parse_wish,
    street_of,
)
from qpvmap.storage.models import Category, Subscriber, Subscription
from qpvmap.storage.queue import enqueue
from qpvmap.storage.signalements import find_visible
from qpvmap.storage.subscriptions import (
    Wanted,
    find_wanted,
    followable_categories,
    subscriptions_of,
)
from qpvmap.subscription_links import Asked, subscription_links
from qpvmap.usecases.subscriptions import (
    stop,
    stop_all,
    stop_of,
    subscribe,
    subscribe_by_mail,
    wanted_by,
)
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, proven_by_link, public, signed_in
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.throttle import slow_subscriptions

bp = Blueprint("subscriptions", __name__)

OTHER_STREET, OTHER_CATEGORY = "rue", "categorie"
CHOOSE = "Choisissez ce que vous voulez suivre."
GONE = "Ce lien n’est plus valable. Recommencez : un nouveau lien vous sera envoyé."
CONFIRM_SUBJECT = "Confirmez : suivre « {label} »"


@dataclass(slots=True)
class Asking:
    """What was typed in the form."""

    chosen: str = ""
    street: str = ""
    category: str = ""
    email: str = ""
    about: str = ""

    @classmethod
    def read(cls) -> "Asking":
        """Return what the request holds."""
        form = request.form
        return cls(
            *(
                form.get(name, "").strip()[:300]
                for name in ("quoi", "rue", "categorie", "email", "apropos")
            )
        )

    @property
    def wish(self) -> Wish | None:
        """What is to be followed; None when nothing was chosen."""
        if self.chosen == OTHER_STREET:
            return Wish(SubscriptionKind.STREET, self.street)
        if self.chosen == OTHER_CATEGORY:
            return Wish(SubscriptionKind.CATEGORY, self.category) if self.category else None
        return parse_wish(self.chosen)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form proposes, the most likely first."""

    wanted: Sequence[Wanted]
    categories: Sequence[Category] = field(default_factory=tuple)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The categories, as a list to choose from."""
        return [("", "Choisir"), *((one.code, one.name) for one in self.categories)]


@bp.after_request
def be_discreet(response: Response) -> Response:
    """Keep the links of a mail to their reader."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def offer_for(session: Session, actor: Actor, about: Wish | None) -> Offer:
    """Return what may be followed from where the reader comes."""
    territory = served_territory()
    wishes = _around(session, actor, about)
    wishes += [Wish(SubscriptionKind.QPV, code) for code in territory.qpv_codes[:1]]
    found = [find_wanted(session, actor, territory.id, wish) for wish in dict.fromkeys(wishes)]
    return Offer(
        [wanted for wanted in found if wanted],
        followable_categories(session, actor, territory.id),
    )


def _around(session: Session, actor: Actor, about: Wish | None) -> list[Wish]:
    """Return what a reader of `about` may wish: it, its street, its category, its quarter."""
    if about is None:
        return []
    if about.kind is not SubscriptionKind.SIGNALEMENT:
        return [about]
    row = find_visible(session, actor, about.key)
    if row is None:
        return []
    street = street_of(row.address)
    return [
        about,
        *([Wish(SubscriptionKind.STREET, street)] if street else []),
        Wish(SubscriptionKind.CATEGORY, row.category.code),
        *([Wish(SubscriptionKind.QPV, row.qpv_code)] if row.qpv_code and row.share_inside else []),
    ]


def rendered(asking: Asking, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    """Return the form, with what was typed and what is to be put right."""
    session, actor = request_session(), current_actor()
    about = parse_wish(asking.about)
    offer = offer_for(session, actor, about)
    chosen = asking.chosen or (str(offer.wanted[0].wish) if offer.wanted else OTHER_STREET)
    page = render_template(
        "subscriptions/new.html", offer=offer, asking=asking, chosen=chosen, errors=errors
    )
    return page, status


@bp.get("/suivre")
@public
def new() -> ResponseReturnValue:
    """Show what can be followed, from the thing that the address names if any."""
    about = request.args.get("quoi", "").strip()[:300]
    return rendered(Asking(about=about), {})


@bp.post("/suivre")
@public
def create() -> ResponseReturnValue:
    """Follow, with an account; else send the link that proves the address."""
    asking, actor = Asking.read(), current_actor()
    try:
        wish = asking.wish
        if wish is None:
            raise InvalidSubmission({"quoi": CHOOSE})
        if actor.is_anonymous:
            return send_link(asking, wish)
        with unit_of_work() as session:
            done = subscribe(session, actor, served_territory().id, wish, request_now())
    except InvalidSubmission as refused:
        return rendered(asking, dict(refused.fields), 422)
    except NotFound:
        return rendered(asking, {"quoi": CHOOSE}, 422)
    flash(f"Vous suivez : {done.wanted.label}.", "success")
    return redirect(back_to(wish), 303)


def back_to(wish: Wish) -> str:
    """Return where one goes after following: the page of a signalement, else one's list."""
    if wish.kind is SubscriptionKind.SIGNALEMENT:
        return url_for("signalement_page.show", reference=wish.key)
    return "/compte#suivis"


def send_link(asking: Asking, wish: Wish) -> ResponseReturnValue:
    """Send the link that proves an address, and say so: nothing else is kept of it."""
    email = email_address(asking.email)
    wanted = wanted_by(request_session(), ANONYMOUS, served_territory().id, wish)
    close_session()  # the count of tries has a transaction of its own
    slow_subscriptions(email)
    link = subscription_links(runtime().settings).confirm(Asked(email, wanted.wish))
    text = render_template("emails/subscription_confirm.txt", label=wanted.label, link=link)
    with unit_of_work() as session:
        subject = CONFIRM_SUBJECT.format(label=wanted.label)
        enqueue(session, "send_mail", to=email, subject=subject, text=text)
    return render_template("subscriptions/link_sent.html", email=email, wanted=wanted)


@bp.get("/suivre/confirmer/<token>")
@public
def confirming(token: str) -> str:
    """Ask to confirm: a mail server that opens links confirms nothing."""
    asked = asked_by(token)
    wanted = wanted_by(request_session(), ANONYMOUS, served_territory().id, asked.wish)
    return render_template("subscriptions/confirm.html", asked=asked, wanted=wanted, token=token)


@bp.post("/suivre/confirmer/<token>")
@public
def confirm(token: str) -> ResponseReturnValue:
    """Follow for an address that its owner proved, and open their list."""
    asked = asked_by(token)
    with unit_of_work() as session:
        done = subscribe_by_mail(
            session, asked.email, served_territory().id, asked.wish, request_now()
        )
    flash(f"C’est noté. Vous suivez : {done.wanted.label}.", "success")
    list_token = subscription_links(runtime().settings).manage_token(done.subscriber_id)
    return redirect(url_for("subscriptions.show_list", token=list_token), 303)


def asked_by(token: str) -> Asked:
    """Return what a token confirms, or answer that it is worth nothing any more."""
    asked = subscription_links(runtime().settings).confirming(token)
    if asked is None:
        abort(404, GONE)
    return asked


@bp.get("/suivre/liste/<token>")
@public
def show_list(token: str) -> str:
    """Show what somebody without an account follows."""
    session, subscriber_id = request_session(), subscriber_by(token)
    subscriber = session.get(Subscriber, subscriber_id)
    if subscriber is None:
        return render_template("subscriptions/stopped.html")
    rows = subscriptions_of(session, ANONYMOUS, subscriber_id)
    return render_template(
        "subscriptions/list.html",
        rows=[shown(row) for row in rows],
        token=token,
        email=subscriber.email,
    )


@bp.post("/suivre/liste/<token>")
@public
def stop_one(token: str) -> ResponseReturnValue:
    """Stop following one thing, or everything."""
    subscriber_id, which = subscriber_by(token), request.form.get("suivi", "")
    with unit_of_work() as session:
        if which.isdigit():
            stop(session, subscriber_id, int(which))
        else:
            stop_all(session, subscriber_id)
    flash("C’est noté : plus aucun courriel pour cela.", "info")
    return redirect(url_for("subscriptions.show_list", token=token), 303)


def subscriber_by(token: str) -> int:
    """Return whose list a token opens, or answer that it opens none."""
    subscriber_id = subscription_links(runtime().settings).managing(token)
    if subscriber_id is None:
        abort(404, GONE)
    return subscriber_id


@bp.get("/suivre/arreter/<token>")
@public
def stopping(token: str) -> str:
    """Ask whether to stop everything: a mail server that opens links stops nothing."""
    if subscription_links(runtime().settings).stopping(token) is None:
        abort(404, GONE)
    return render_template("subscriptions/stop.html", token=token)


@bp.post("/suivre/arreter/<token>")
@public
@proven_by_link
def stop_everything(token: str) -> str:
    """Stop all that a subscriber gets; the mail programs' own button comes here too."""
    subscriber_id = subscription_links(runtime().settings).stopping(token)
    if subscriber_id is None:
        abort(404, GONE)
    with unit_of_work() as session:
        stop_all(session, subscriber_id)
    return render_template("subscriptions/stopped.html")


@bp.post("/compte/suivis/<int:subscription_id>/retirer")
@signed_in
def remove(subscription_id: int) -> ResponseReturnValue:
    """Stop following one thing, as an account."""
    with unit_of_work() as session:
        stop_of(session, current_actor(), subscription_id)
    flash("Vous ne le suivez plus.", "info")
    about = parse_wish(request.form.get("apropos", ""))
    return redirect(back_to(about) if about else "/compte#suivis", 303)


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that is followed, as a list shows it."""

    id: int
    label: str
    href: str


def shown(row: Subscription) -> Shown:
    """Return how a list shows something that is followed."""
    kind = SubscriptionKind(row.kind)
    href = ""
    if row.signalement is not None:
        href = url_for("signalement_page.show", reference=row.signalement.reference)
    elif kind is SubscriptionKind.QPV:
        href = url_for("quartiers.show", code=row.place)
    return Shown(row.id, row.label, href)
