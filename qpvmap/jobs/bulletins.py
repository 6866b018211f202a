"""Who writes to teams and to those who follow: digests, reminders, emergencies, alerts."""

from collections.abc import Callable, Mapping

from qpvmap.core.bulletins import Bulletin, Link
from qpvmap.jobs.writing import Mail, Writer, Writing
from qpvmap.outputs.bulletins import render
from qpvmap.outputs.letters import Rendered
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.models import Subscriber, Territory
from qpvmap.subscription_links import subscription_links
from qpvmap.usecases.alerts import ALERT, FOLLOWED_MOVE, alert_bulletin, move_bulletin
from qpvmap.usecases.digests import DIGEST, digest_bulletin
from qpvmap.usecases.emergencies import EMERGENCY, emergency_bulletin
from qpvmap.usecases.reminders import REMINDER, reminder_bulletin

CHOOSE = Link("Choisir ce que je reçois", "/compte#courriels")


def _digest(writing: Writing) -> Bulletin | None:
    notice = writing.notice
    reader = actor_by_id(writing.session, notice.account_id) if notice.account_id else None
    return digest_bulletin(writing.session, notice.payload, reader, writing.now)


def _reminder(writing: Writing) -> Bulletin | None:
    return reminder_bulletin(writing.session, writing.notice.payload, writing.now)


def _emergency(writing: Writing) -> Bulletin | None:
    notice = writing.notice
    return emergency_bulletin(
        writing.session, notice.signalement_id or 0, notice.payload["team_id"]
    )


def _to_team(read: Callable[[Writing], Bulletin | None]) -> Writer:
    """Return the writer of what goes to a team's own address, or to one of its people."""

    def write(writing: Writing) -> Mail | None:
        bulletin = read(writing)
        return None if bulletin is None else Mail(_rendered(writing, bulletin))

    return write


def write_to_subscriber(writing: Writing) -> Mail | None:
    """Return what somebody who follows is told, with the way to see and to stop it."""
    notice, session = writing.notice, writing.session
    subscriber = session.get_one(Subscriber, notice.subscriber_id)
    links = subscription_links(writing.settings)
    manage = Link("Voir ou arrêter ce que je suis", links.manage(subscriber.id))
    stop = CHOOSE if subscriber.account_id else manage
    if notice.kind == ALERT:
        bulletin = alert_bulletin(session, subscriber, notice.payload, stop)
    else:
        bulletin = move_bulletin(session, subscriber, notice.event_id or 0, stop)
    if bulletin is None:
        return None
    return Mail(_rendered(writing, bulletin), links.stop(subscriber.id))


def _rendered(writing: Writing, bulletin: Bulletin) -> Rendered:
    territory = writing.session.get_one(Territory, writing.notice.territory_id)
    signature = f"{territory.name}, {territory.tagline or 'la carte commune'}"
    return render(bulletin, writing.links.base_url, signature)


BULLETINS: Mapping[str, Writer] = {
    DIGEST: _to_team(_digest),
    REMINDER: _to_team(_reminder),
    EMERGENCY: _to_team(_emergency),
    ALERT: write_to_subscriber,
    FOLLOWED_MOVE: write_to_subscriber,
}
"""By kind of notice."""
