"""What exists, as values: identities, health, operations, changes, errors, and the messages between processes.

Never does I/O except in `model.store` and `model.database` (the control plane's read model), never imports
`gitsync`, `api` or `web`. Everybody else comes after it. Importing `model` itself loads nothing, so that
values can be used without SQL.
"""
