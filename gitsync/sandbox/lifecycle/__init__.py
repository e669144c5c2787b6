"""Work that the API's own house-keeping does after a write: owners, namespaces, definitions.

Each part listens to the store, notes what to look at, and works it off in small slices of the event loop, so that the
deletion of ten thousand objects blocks nobody.
"""
