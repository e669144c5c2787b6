"""Every SQL statement of the control plane: one module per table, functions that take a session.

Never opens a session, never decides who may see what (it is told, as `model.listing.Visibility`), never calls out.
Before it: `api.loaders`, `api.actions`, `api.runtimes`; after it: the database.
"""
