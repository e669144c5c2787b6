"""Asks Git hosts and plugins what generators want to know: repositories, branches, pull requests, parameters.

The only part of `gitsync.appset` that does I/O: HTTP to addresses that the runtime's allow-list permits, with tokens
that are handed in, bounded in bytes, pages and time. Decides nothing: filters and templates come after it. A token
is never in an error, and never follows a redirect or a next page to another host.
"""
