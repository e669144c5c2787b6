"""The `argosy` command: processes to start, users and tokens to look after, and a client of the GraphQL API.

Subcommands are loaded when they are called, so that `argosy --help` starts at once. Exit codes: 0 done, 1 refused or
failed, 2 wrong usage.
"""
