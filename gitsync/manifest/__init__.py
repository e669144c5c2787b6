"""What manifests say, as values: parsing, keys, tracking marks and annotations.

Pure: no I/O, no clock, no environment. Before it: bytes read by `gitsync.render` or `gitsync.kube`; after it: `diff`,
`health`, `plan`.
"""
