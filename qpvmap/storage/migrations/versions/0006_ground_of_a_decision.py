"""Tell the place of a decision apart from the grounds of a body.

Why: turning a decision into a rule drew the place as a piece of ground of the team's body, and
every other rule on the grounds of that body then held there too.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = "kind in ('residence', 'road', 'school', 'condominium', 'garden', 'other')"
AFTER = "kind in ('residence', 'road', 'school', 'condominium', 'garden', 'other', 'decision')"


def upgrade() -> None:
    """Know one more kind of ground, and give it to the places that decisions drew."""
    op.execute("alter table emprise drop constraint ck_emprise_kind")
    op.create_check_constraint(op.f("ck_emprise_kind"), "emprise", AFTER)
    op.execute("update emprise set kind = 'decision' where code like 'precedent-%'")


def downgrade() -> None:
    """Forget the kind."""
    op.execute("update emprise set kind = 'other' where kind = 'decision'")
    op.execute("alter table emprise drop constraint ck_emprise_kind")
    op.create_check_constraint(op.f("ck_emprise_kind"), "emprise", BEFORE)
