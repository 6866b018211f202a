"""The inbox: who of the team has it, what a search reads, views that people keep.

Why: a team of ten needs to know who goes; a search must forgive accents, plurals and slips; and
fifty rows of a million must come at once, with the counts of each tab. The covering indexes are
for those counts, which read no row.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FRENCH = (
    "create text search configuration public.fr (copy = pg_catalog.french)",
    "alter text search configuration public.fr alter mapping for asciihword, asciiword, hword,"
    " hword_asciipart, hword_part, word with public.unaccent, pg_catalog.french_stem",
)
PHOTOS_KEPT = (
    "update signalement set has_photo = true where id in"
    " (select signalement_id from photo where removed_at is null)",
    """
    create function public.keep_has_photo() returns trigger language plpgsql as $$
    begin
        update public.signalement
        set has_photo = not has_photo
        where
            id = new.signalement_id
            and has_photo != exists (
                select from public.photo
                where signalement_id = new.signalement_id and removed_at is null
            );
        return null;
    end
    $$
    """,
    "create trigger keep_has_photo after insert or update of removed_at on photo"
    " for each row execute function public.keep_has_photo()",
)
"""Kept by the row, so that a list of a million is not a million looks at the photos."""

GO_TOGETHER = {
    "team_category": "team_id, category_id, insee_code",
    "iris_category": "iris_code, category_id",
    "iris_team": "iris_code, team_id",
}
"""Filters that depend on one another: without it the server plans for rows that do not exist."""

WORDS_KEPT = (
    """
    create function public.keep_search_words() returns trigger language plpgsql as $$
    begin
        insert into public.search_word (word)
        select stem
        from unnest(tsvector_to_array(new.words)) as stem
        where
            stem ~ '^[a-z]{3,40}$'
            and not exists (select from public.search_word where word = stem);
        return null;
    end
    $$
    """,
    "create trigger keep_search_words after insert or update of description, address,"
    " description_hidden on signalement for each row"
    " when (new.nature = 'technique' and not new.description_hidden)"
    " execute function public.keep_search_words()",
    """
    insert into search_word (word)
    select distinct stem
    from signalement
    cross join lateral unnest(tsvector_to_array(words)) as stem
    where
        nature = 'technique'
        and not description_hidden
        and stem ~ '^[a-z]{3,40}$'
    """,
    *(
        statement
        for name, columns in GO_TOGETHER.items()
        for statement in (
            f"create statistics signalement_{name} (mcv) on {columns} from signalement",
            f"alter statistics signalement_{name} set statistics 250",
        )
    ),
)
"""A word is added without waiting for who adds the same: read twice, it is one all the same."""

WORDS = "description || ' ' || address"
OPEN = (
    "status in ('new', 'to_arbitrate', 'acknowledged', 'scheduled', 'in_progress',"
    " 'waiting', 'reopened')"
)
INBOX_COLUMNS = [
    "team_id",
    "nature",
    "category_id",
    "insee_code",
    "iris_code",
    "qpv_code",
    "qpv_distance_m",
    "share_inside",
    "assignee_id",
    "has_photo",
]
OPEN_DATES = ["acknowledge_due_at", "counted_from", "created_at", "updated_at"]


def upgrade() -> None:
    """Create what is new."""
    for statement in FRENCH:
        op.execute(statement)
    add_columns()
    index_searches()
    index_tabs()
    keep_words()
    create_views()


def add_columns() -> None:
    """Add the person, and the words."""
    op.add_column("signalement", sa.Column("assignee_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "signalement",
        sa.Column("has_photo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "signalement",
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            sa.Computed(f"to_tsvector('public.fr', {WORDS})", persisted=True),
            nullable=False,
        ),
    )
    op.create_foreign_key(
        op.f("fk_signalement_assignee_id_account"),
        "signalement",
        "account",
        ["assignee_id"],
        ["id"],
    )


def index_searches() -> None:
    """Index words, slips and references."""
    op.create_index("ix_signalement_words", "signalement", ["words"], postgresql_using="gin")
    op.create_index(
        "ix_signalement_reference_trgm",
        "signalement",
        ["reference"],
        postgresql_using="gin",
        postgresql_ops={"reference": "gin_trgm_ops"},
    )


def index_tabs() -> None:
    """Index what tabs, orders and filters read."""
    op.drop_index(op.f("ix_signalement_territory_id_created_at"), "signalement")
    op.drop_index(op.f("ix_signalement_team_id_status_due_at"), "signalement")
    op.create_index(
        "ix_signalement_inbox_team",
        "signalement",
        ["team_id", "status", "due_at", "id"],
        postgresql_include=["territory_id", *INBOX_COLUMNS[1:], *OPEN_DATES],
    )
    op.create_index(
        "ix_signalement_inbox_open",
        "signalement",
        ["territory_id", "status", "due_at", "id"],
        postgresql_include=[*INBOX_COLUMNS, *OPEN_DATES],
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        "ix_signalement_inbox_resolved",
        "signalement",
        ["territory_id", "updated_at", "id"],
        postgresql_include=[*INBOX_COLUMNS, "created_at", "due_at"],
        postgresql_where=sa.text("status = 'resolved'"),
    )
    op.create_index(
        "ix_signalement_inbox_all",
        "signalement",
        ["territory_id", "created_at", "id"],
        postgresql_include=[*INBOX_COLUMNS, "status", "due_at", "updated_at"],
    )
    op.create_index(
        op.f("ix_signalement_territory_id_updated_at_id"),
        "signalement",
        ["territory_id", "updated_at", "id"],
    )
    op.create_index(op.f("ix_signalement_insee_code"), "signalement", ["insee_code"])
    for column in ("iris_code", "assignee_id"):
        op.create_index(
            op.f(f"ix_signalement_{column}"),
            "signalement",
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )


def keep_words() -> None:
    """Keep the stems of public texts, and tell the server which filters go together."""
    op.create_table(
        "search_word",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
    )
    op.create_index(op.f("ix_search_word_word"), "search_word", ["word"])
    op.create_index(
        "ix_search_word_trgm",
        "search_word",
        ["word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    for statement in (*WORDS_KEPT, *PHOTOS_KEPT):
        op.execute(statement)


def create_views() -> None:
    """Create what people keep of the inbox."""
    op.create_table(
        "inbox_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_inbox_view_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_inbox_view_team_id_team"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_view")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_inbox_view_account_id_name")),
    )
    op.create_index(
        op.f("ix_inbox_view_team_id"),
        "inbox_view",
        ["team_id"],
        postgresql_where=sa.text("team_id is not null"),
    )
    op.create_table(
        "inbox_default",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("view_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_inbox_default_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["inbox_view.id"],
            name=op.f("fk_inbox_default_view_id_inbox_view"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_inbox_default")),
    )
    op.create_index(op.f("ix_inbox_default_view_id"), "inbox_default", ["view_id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("inbox_default")
    op.drop_table("inbox_view")
    for name in GO_TOGETHER:
        op.execute(f"drop statistics signalement_{name}")
    op.execute("drop trigger keep_search_words on signalement")
    op.execute("drop function public.keep_search_words()")
    op.drop_table("search_word")
    for name in (
        "inbox_all", "inbox_resolved", "inbox_open", "inbox_team", "territory_id_updated_at_id",
        "insee_code", "iris_code", "reference_trgm",
    ):  # fmt: skip
        op.drop_index(f"ix_signalement_{name}", "signalement")
    op.create_index(
        op.f("ix_signalement_territory_id_created_at"),
        "signalement",
        ["territory_id", "created_at"],
    )
    op.create_index(
        op.f("ix_signalement_team_id_status_due_at"), "signalement", ["team_id", "status", "due_at"]
    )
    op.execute("drop trigger keep_has_photo on photo")
    op.execute("drop function public.keep_has_photo()")
    op.drop_column("signalement", "words")
    op.drop_column("signalement", "has_photo")
    op.drop_column("signalement", "assignee_id")
    op.execute("drop text search configuration public.fr")
