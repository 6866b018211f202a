"""Photos of a signalement: who may, once each, and what is left of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from obstore.store import MemoryStore
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.errors import InvalidPhoto, NotAllowed, NotFound
from qpvmap.core.photos import MAX_PER_MOMENT, Areas, Moment, Size
from qpvmap.pictures import prepare
from qpvmap.settings import Settings
from qpvmap.storage.files import PHOTOS, Files, delete_photo, open_files, photo_path
from qpvmap.storage.models import Event, Photo, Signalement, Support
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import has_photo_after, history
from qpvmap.usecases.photos import (
    PhotoReceipt,
    PhotoSending,
    PhotoUpload,
    add_photo,
    collect_orphans,
    redact_photo,
    remove_photo,
)
from tests.factories import NOW, Toy, make_account, make_actor, make_signalement, make_territory
from tests.pictures import is_red, opened, photo

PICTURE = prepare(photo())
ALL_BLACK = Areas(rectangles=((0, 0, 1, 1),))


@pytest.fixture
def files() -> Files:
    return Files(MemoryStore())


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def row(session: Session, toy: Toy) -> Signalement:
    return make_signalement(session, toy)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def upload(
    moment: Moment = Moment.BEFORE, *, client_id: UUID | None = None, proved: bool = False
) -> PhotoUpload:
    return PhotoUpload(PhotoSending(client_id or uuid4(), moment, proved), PICTURE)


def add(
    session: Session, files: Files, actor: Actor, row: Signalement, sent: PhotoUpload | None = None
) -> PhotoReceipt:
    return add_photo(session, files, actor, row.reference, sent or upload(), NOW)


def names(files: Files) -> set[str]:
    return {file.path for file in files.listed(PHOTOS)}


def test_photo_when_added_then_both_sizes_and_a_line_are_kept(
    session: Session, files: Files, row: Signalement, agent: Actor
) -> None:
    receipt = add(session, files, agent, row, upload(Moment.AFTER))
    key = receipt.photo.key
    assert receipt.created
    assert names(files) == {photo_path(key, size) for size in Size}
    assert files.get(photo_path(key, Size.FULL)) == PICTURE.full
    line = history(session, row.id)[-1]
    assert (line.kind, line.comment, line.changes) == ("photo", "Après", {})
    assert row.version == 1
    assert has_photo_after(session, row.id)


def test_photo_when_sent_again_then_is_the_first(
    session: Session, files: Files, row: Signalement, agent: Actor
) -> None:
    sent = upload()
    first, second = (add(session, files, agent, row, sent) for _ in range(2))
    assert (first.photo.id, second.created) == (second.photo.id, False)
    assert len(names(files)) == 2
    assert len(history(session, row.id)) == 2


def test_photo_when_its_identifier_is_somebody_elses_then_is_refused(
    session: Session, files: Files, toy: Toy, row: Signalement, agent: Actor
) -> None:
    sent = upload()
    add(session, files, agent, row, sent)
    colleague = make_actor(session, toy, Role.AGENT, "technique-ouest")
    other = make_signalement(session, toy)
    for actor, where in ((colleague, row), (agent, other)):
        with pytest.raises(NotAllowed):
            add(session, files, actor, where, sent)


def test_photo_when_there_are_six_of_its_moment_then_is_refused(
    session: Session, files: Files, row: Signalement, agent: Actor
) -> None:
    sent = [upload() for _ in range(MAX_PER_MOMENT)]
    for each in sent:
        add(session, files, agent, row, each)
    with pytest.raises(InvalidPhoto):
        add(session, files, agent, row)
    assert not add(session, files, agent, row, sent[0]).created
    assert add(session, files, agent, row, upload(Moment.AFTER)).created
    first = session.scalars(select(Photo).order_by(Photo.id)).first()
    assert first
    remove_photo(session, agent, first.id, NOW)
    assert add(session, files, agent, row).created


AFTER = set(Moment)
ROLES: list[tuple[Role, tuple[str, ...], set[Moment]]] = [
    (Role.RESIDENT, (), set()),
    (Role.PLANNER, (), set()),
    (Role.ADMIN, (), set()),
    (Role.MEDIATOR, (), set()),
    (Role.MEDIATOR, ("technique-ouest",), AFTER),
    (Role.AGENT, ("technique-est",), set()),
    (Role.AGENT, ("technique-ouest",), AFTER),
    (Role.LEAD, ("technique-ouest",), AFTER),
    (Role.COORDINATOR, ("coordination",), AFTER),
]


def allowed(session: Session, files: Files, actor: Actor, row: Signalement) -> set[Moment]:
    """Return the moments of which `actor` may add a photo."""
    taken = set()
    for moment in Moment:
        try:
            add(session, files, actor, row, upload(moment))
        except NotAllowed:
            continue
        taken.add(moment)
    return taken


@pytest.mark.parametrize(("role", "teams", "expected"), ROLES)
def test_photo_when_sent_by_each_role_then_only_those_who_handle_add_it(
    session: Session,
    files: Files,
    toy: Toy,
    row: Signalement,
    role: Role,
    teams: tuple[str, ...],
    expected: set[Moment],
) -> None:
    assert allowed(session, files, make_actor(session, toy, role, *teams), row) == expected


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_photo_when_sent_by_its_author_then_shows_the_defect(
    session: Session, files: Files, toy: Toy, role: Role
) -> None:
    author = make_actor(session, toy, role)
    row = make_signalement(session, toy, reporter_id=author.account_id)
    assert Moment.BEFORE in allowed(session, files, author, row)


def test_photo_when_sent_without_an_account_then_needs_a_proof(
    session: Session, files: Files, row: Signalement
) -> None:
    assert allowed(session, files, ANONYMOUS, row) == set()
    assert add(session, files, ANONYMOUS, row, upload(proved=True)).created
    with pytest.raises(NotAllowed):
        add(session, files, ANONYMOUS, row, upload(Moment.AFTER, proved=True))


def test_photo_when_sent_by_who_saw_the_same_then_is_taken(
    session: Session, files: Files, toy: Toy, row: Signalement
) -> None:
    neighbour = make_account(session, toy, Role.RESIDENT)
    actor = Actor(
        account_id=neighbour.id,
        roles=frozenset({Role.RESIDENT}),
        territory_ids=frozenset({toy.territory.id}),
    )
    session.add(Support(client_id=uuid4(), signalement_id=row.id, account_id=neighbour.id, at=NOW))
    session.flush()
    assert allowed(session, files, actor, row) == {Moment.BEFORE}


def test_photo_of_what_is_hidden_when_sent_or_touched_then_is_not_found(
    session: Session, files: Files, toy: Toy
) -> None:
    row = make_signalement(session, toy, category="rixe", team="police")
    police = make_actor(session, toy, Role.AGENT, "police")
    kept = add(session, files, police, row).photo
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    for actor in (ANONYMOUS, agent):
        with pytest.raises(NotFound):
            add(session, files, actor, row, upload(proved=True))
        with pytest.raises(NotFound):
            redact_photo(session, files, actor, kept.id, ALL_BLACK, NOW)
        with pytest.raises(NotFound):
            remove_photo(session, actor, kept.id, NOW)


def test_photo_when_blackened_then_is_under_a_new_name_and_the_original_goes(
    session: Session, files: Files, row: Signalement, agent: Actor
) -> None:
    kept = add(session, files, agent, row).photo
    former = redact_photo(session, files, agent, kept.id, Areas(rectangles=((0.5, 0, 1, 1),)), NOW)
    delete_photo(files, former)
    assert former != kept.key
    assert names(files) == {photo_path(kept.key, size) for size in Size}
    image = opened(files.get(photo_path(kept.key, Size.FULL)) or b"")
    assert max(image.getpixel((76, 32))) < 12
    assert is_red(image.getpixel((20, 32)))
    assert (kept.redacted_at, kept.redacted_by) == (NOW, agent.account_id)
    assert history(session, row.id)[-1].kind == "photo_redacted"


@pytest.mark.parametrize(("role", "teams", "expected"), ROLES)
def test_photo_when_touched_by_each_role_then_only_those_who_handle_do(
    session: Session,
    files: Files,
    toy: Toy,
    row: Signalement,
    agent: Actor,
    role: Role,
    teams: tuple[str, ...],
    expected: set[Moment],
) -> None:
    kept = add(session, files, agent, row).photo
    actor = make_actor(session, toy, role, *teams)
    if expected:
        redact_photo(session, files, actor, kept.id, ALL_BLACK, NOW)
        remove_photo(session, actor, kept.id, NOW)
        return
    with pytest.raises(NotAllowed):
        redact_photo(session, files, actor, kept.id, ALL_BLACK, NOW)
    with pytest.raises(NotAllowed):
        remove_photo(session, actor, kept.id, NOW)


def test_photo_when_removed_by_its_sender_then_is_gone_and_does_not_come_back(
    session: Session, files: Files, toy: Toy
) -> None:
    author = make_actor(session, toy, Role.RESIDENT)
    row = make_signalement(session, toy, reporter_id=author.account_id)
    sent = upload()
    kept = add(session, files, author, row, sent).photo
    delete_photo(files, remove_photo(session, author, kept.id, NOW))
    assert names(files) == set()
    with pytest.raises(NotFound):
        remove_photo(session, author, kept.id, NOW)
    assert not add(session, files, author, row, sent).created
    assert names(files) == set()
    assert [line.kind for line in history(session, row.id)] == ["created", "photo", "photo_removed"]


def test_anonymous_photo_when_somebody_without_account_removes_it_then_is_refused(
    session: Session, files: Files, row: Signalement
) -> None:
    kept = add(session, files, ANONYMOUS, row, upload(proved=True)).photo
    with pytest.raises(NotAllowed):
        remove_photo(session, ANONYMOUS, kept.id, NOW)


@pytest.fixture
def shared(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=12)
    yield engine
    engine.dispose()


def test_photo_when_sent_twelve_times_at_once_then_is_kept_once(
    shared: Engine, files: Files
) -> None:
    with transaction(shared) as session:
        toy = make_territory(session)
        author = make_actor(session, toy, Role.RESIDENT)
        reference = make_signalement(session, toy, reporter_id=author.account_id).reference
    sent = upload()

    def send(_: int) -> bool:
        with transaction(shared) as session:
            return add_photo(session, files, author, reference, sent, NOW).created

    with ThreadPoolExecutor(12) as pool:
        created = list(pool.map(send, range(12)))
    assert sum(created) == 1
    with transaction(shared) as session:
        assert session.scalar(select(func.count()).select_from(Photo)) == 1
        assert session.scalar(select(func.count()).where(Event.kind == "photo")) == 1
    assert len(names(files)) == 2


def test_photos_when_ten_are_sent_at_once_then_six_are_kept(shared: Engine, files: Files) -> None:
    with transaction(shared) as session:
        toy = make_territory(session)
        author = make_actor(session, toy, Role.RESIDENT)
        reference = make_signalement(session, toy, reporter_id=author.account_id).reference

    def send(_: int) -> bool:
        try:
            with transaction(shared) as session:
                return add_photo(session, files, author, reference, upload(), NOW).created
        except InvalidPhoto:
            return False

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(send, range(10))) == MAX_PER_MOMENT
    assert len(names(files)) == 2 * MAX_PER_MOMENT


@pytest.fixture
def folder(tmp_path: Path) -> Files:
    return open_files(Settings(var_dir=tmp_path))


def test_orphans_when_collected_then_only_old_files_without_a_row_go(
    session: Session, folder: Files, row: Signalement, agent: Actor
) -> None:
    kept = add(session, folder, agent, row).photo
    gone = add(session, folder, agent, row).photo
    remove_photo(session, agent, gone.id, NOW)
    folder.put(f"{PHOTOS}/never-finished.full.webp", b"half a photo")
    assert folder.folder
    (folder.folder / PHOTOS / "cut-short.full.webp#1").write_bytes(b"half a file")
    today = datetime.now(UTC)
    assert collect_orphans(session, folder, today).removed == 0
    tomorrow = today + timedelta(hours=25)
    collected = collect_orphans(session, folder, tomorrow)
    assert (collected.removed, collected.missing) == (4, ())
    assert {path.name for path in (folder.folder / PHOTOS).iterdir()} == {
        f"{kept.key}.{size}.webp" for size in Size
    }
    assert collect_orphans(session, folder, tomorrow).removed == 0


def test_photo_when_its_files_are_missing_then_is_told_and_left(
    session: Session, folder: Files, row: Signalement, agent: Actor
) -> None:
    kept = add(session, folder, agent, row).photo
    delete_photo(folder, kept.key)
    assert collect_orphans(session, folder, datetime.now(UTC)).missing == (kept.key,)
    assert kept.removed_at is None


def test_key_when_drawn_then_cannot_be_guessed(
    session: Session, files: Files, row: Signalement, agent: Actor
) -> None:
    keys = {add(session, files, agent, row).photo.key for _ in range(3)}
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)
