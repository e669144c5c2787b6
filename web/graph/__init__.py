"""The console's only way to data: named GraphQL operations in `documents/`, sent by one client.

client.py sends them for states, live.js for what lives in the browser. It knows nothing of screens.
"""
