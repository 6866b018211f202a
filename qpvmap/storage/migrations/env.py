"""Run by Alembic on the connection that `storage.migrate` hands over."""

from alembic import context

from qpvmap.storage.migrate import is_ours
from qpvmap.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=is_ours,
    compare_type=True,
    compare_server_default=False,
)

with context.begin_transaction():
    context.run_migrations()
