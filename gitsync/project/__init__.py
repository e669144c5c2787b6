"""What an AppProject lets its applications do: from which repositories, to which places, with which kinds.

Pure: it is handed the project, the application and its objects, and says what is not allowed. Never looks anything up
and never stops anybody: `gitsync.reconcile` turns the answer into conditions and leaves refused objects out of a sync.
"""
