"""Several control planes on one database, each of which answers as if every runtime were linked to it.

A runtime is linked to one replica. Every replica dials every other (`roster` knows them from the database, `line` is
such a line): requests and streams for runtimes that are linked there go over it, and what happens there is told back
(`api.live.tidings`). Never decides who may see or do what: the replica that a person asked has done that. Before it:
`api.runtimes.connected`, which asks whichever line leads to a runtime; after it: the database, where a new link of a
runtime fences off the one before.
"""
