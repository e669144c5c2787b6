"""Applications out of an ApplicationSet: generators, templates, and what to create, change and delete for them.

Pure: clusters, files of repositories and answers of Git hosts come in as values, and only `providers` gets them over
HTTP. Never reads a clock, a cluster or the environment, never writes. Before it: what adapters found out; after it:
whoever applies the plan.
"""
