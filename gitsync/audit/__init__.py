"""The audit log, read from commits: of every connected repository, made by Argosy or by anybody else.

Reads only; whatever it says can be read again from Git alone. `trailers`, `entry`, `provenance` and `patch` are
functions of values; `log` reads mirrors through `gitsync.git`. Before it: repositories and their moved refs; after it:
the answers to the control plane's questions.
"""
