"""Use cases: what people read and do, one module per noun. Each asks `api.access` first, then the store or a runtime.

Knows nothing of GraphQL or HTTP, and can be tested without them. Before it: `api.schema`, `api.types`; after it:
`model.store` and `api.runtimes`.
"""
