"""Secrets in Git in the format of SOPS, for age keys: encrypted as a `.sops.yaml` says, and opened for the runtime.

It never reads Git or a cluster: files, keys and the time are arguments. `gitsync.serving.clusters` encrypts what is
committed; `gitsync.sourcing` opens what the shared configuration holds for the runtime's own namespace.
"""
