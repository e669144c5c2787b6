"""Rules that a write must keep: those of the schema, those of the built-in kinds, and those of metadata.

Only rules that clients and people run into; each with the message and cause of a real server, since tools show them.
"""
