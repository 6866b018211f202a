"""The yearly review of the guide, by a real worker: one mail, whose link opens the page."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from sqlalchemy import select

from qpvmap.guide_links import GuideLinks
from qpvmap.storage.models import GuideStructure
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from tests.jobs.workers import SECRET_KEY, environment_of, wait_for, worker

NOW = datetime(2026, 11, 25, 6, 35, tzinfo=UTC)
MAIL = "accueil@structure.example"


def test_review_when_the_morning_comes_then_one_mail_whose_link_is_good(
    blagis: str, tmp_path: Path
) -> None:
    engine = make_engine(blagis)
    with transaction(engine) as session:
        row = session.scalars(select(GuideStructure).where(GuideStructure.code == "aspe")).one()
        row.email = MAIL
        for _ in range(2):
            enqueue(session, "guide_reviews", timestamp=int(NOW.timestamp()))
    with worker(environment_of(blagis, tmp_path)):
        path = wait_for(lambda: next(tmp_path.glob("outbox/*.eml"), None))
        wait_for(path.read_bytes)
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    engine.dispose()
    assert mail["To"] == MAIL
    assert "ASPE" in mail.get_content()
    link = re.search(r"/guide/verifier/(\S+)", mail.get_content())
    assert link
    opened = GuideLinks("", SECRET_KEY).reviewing(link[1])
    assert opened and opened.email == MAIL
    assert len(list(tmp_path.glob("outbox/*.eml"))) == 1
