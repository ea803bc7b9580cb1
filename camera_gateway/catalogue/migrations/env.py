"""How Alembic runs here: on the connection that `migrating` hands over, in its transaction, without an ini file.

Promises that a migration is in one transaction with its version number.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
