"""Say which teams may be given what is confidential.

Why: a report about people could be handed to any team of the territory, and was then theirs to
read. Nobody is trusted by default; the territory's file says who is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark, off for everybody but the teams that already take such categories."""
    op.add_column(
        "team",
        sa.Column("confidential", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(
        """
        update team set confidential = true
        from organisation
        where organisation.id = team.organisation_id and (
            organisation.kind = 'police'
            or exists (
                select from routing_rule as r
                left join category as c on c.id = r.category_id
                where r.team_id = team.id and r.emprise_organisation_id is null
                    and (c.nature = 'tranquillite' or r.category_id is null)
            )
        )
        """
    )


def downgrade() -> None:
    """Take the mark away."""
    op.drop_column("team", "confidential")
