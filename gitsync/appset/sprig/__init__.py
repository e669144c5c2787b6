"""The functions that ApplicationSet templates have besides Go's own: sprig's, and Argo CD's few.

Pure: the present is an argument, and what would give another answer each time (random text, keys, certificates) is
refused by name, because an Application that changes at every look is never in sync. `env`, `expandenv` and
`getHostByName` do not exist. Before it: a template's text; after it: `gitsync.appset.gotemplate`.
"""
