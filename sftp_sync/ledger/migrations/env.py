"""Run by Alembic: applies the migrations to the connection that `upgrade` hands over."""

from __future__ import annotations

from alembic import context

from sftp_sync.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
