"""Indexes of words: one for each part of the inbox instead of one of all; trigrams of texts go.

Why: the server, asked for a common word in one team's open work, took all its rows from the index
of all words to throw nearly all away; and it read an index of words whole for questions that named
none, to know what is resolved. No question reads the trigrams of descriptions: slips are looked
for among `search_word`, and likely duplicates compare the texts of near places only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OPEN = (
    "status in ('new', 'to_arbitrate', 'acknowledged', 'scheduled', 'in_progress',"
    " 'waiting', 'reopened')"
)
RESOLVED = "status = 'resolved'"
APART = {"open": OPEN, "resolved": RESOLVED, "closed": "status = 'closed'"}
BEFORE = {"open": OPEN, "resolved": RESOLVED}


def upgrade() -> None:
    """Index words by parts that only a search can ask for; drop what is not read."""
    for name in ("words_open", "words_resolved", "words", "description_trgm"):
        op.drop_index(f"ix_signalement_{name}", "signalement")
    for name, condition in APART.items():
        index_words(f"words_{name}", f"words is not null and {condition}")


def index_words(name: str, condition: str | None) -> None:
    """Index the words of the rows of a condition."""
    op.create_index(
        f"ix_signalement_{name}",
        "signalement",
        ["words"],
        postgresql_using="gin",
        postgresql_where=None if condition is None else sa.text(condition),
    )


def downgrade() -> None:
    """Make them again."""
    for name in APART:
        op.drop_index(f"ix_signalement_words_{name}", "signalement")
    index_words("words", None)
    for name, condition in BEFORE.items():
        index_words(f"words_{name}", condition)
    op.create_index(
        "ix_signalement_description_trgm",
        "signalement",
        ["description"],
        postgresql_using="gin",
        postgresql_ops={"description": "gin_trgm_ops"},
    )
