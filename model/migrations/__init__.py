"""Alembic migrations of the read model, run at every start of the control plane (`model.database.migrate`)."""
