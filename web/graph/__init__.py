"""The console's only way to data: named GraphQL operations in `documents/`, sent by one client (Python: client.py for states,
browser: live.js for streams). It knows nothing of screens."""
