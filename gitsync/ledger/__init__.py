"""The operations ledger: what people had done to applications, as commits of the shared configuration repository.

Writes down what is asked before it runs, and how it ended as a Git note on that commit. Never decides whether an
operation may run, and carries none out. Before it: `gitsync.reconcile` has authorised the person; after it: the commit
queue of `gitsync.git`, which pushes what many people ask for at once in one push.
"""
