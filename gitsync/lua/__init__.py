"""Lua that operators wrote for Argo CD: health checks and actions of argocd-cm, run in a sandbox.

The only importer of lupa. A script sees the object and a few harmless functions: no files, no modules, no network, no
debug library, no coroutines (the limits would not reach into them). Instructions, memory, time and what it returns are
limited, and time is an argument, so that one script says the same of one object anywhere. Pure: nothing here reads
files or the environment. Before it: the ConfigMap argocd-cm; after it: `gitsync.health` and `gitsync.actions`.
"""
