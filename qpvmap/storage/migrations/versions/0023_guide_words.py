"""The words of the guide, by which what is mistyped is mended; closures that a structure tells.

Why: comparing what is typed with the whole text of every offer took over a second with a thousand
of them; comparing it with each word once takes some milliseconds. A structure that has closed had
no way to say so but a note.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the words, filled out of what the offers are looked for by, and the closure."""
    op.create_table(
        "guide_word",
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_guide_word_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("territory_id", "word", name=op.f("pk_guide_word")),
    )
    op.execute(
        """
        insert into guide_word (territory_id, word)
        select distinct structure.territory_id, word
        from guide_offer as offer
        inner join guide_structure as structure on offer.structure_id = structure.id
        cross join lateral regexp_split_to_table(offer.search_text, ' ') as word
        where length(word) >= 4
        """
    )
    op.add_column(
        "guide_proposal",
        sa.Column("closes", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_column("guide_proposal", "closes")
    op.drop_table("guide_word")
