"""Questions of GraphQL fields, gathered: many fields of one answer become one statement.

Nothing is cached between batches (a socket lives long, and its streams must see what is new), every batch opens its own
session, and everything found is filtered by what the viewer may see.
"""
