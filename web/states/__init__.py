"""What a tab remembers, and what its handlers do.

Every handler is callable by anybody with a socket: none trusts its arguments for permission, each asks the API with the
cookie of the connection. No secret is kept in a variable.
"""
