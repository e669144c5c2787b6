"""The GraphQL schema: its three roots, how it is executed, and what a document may cost.

Resolvers read as one sentence each: they call `api.actions` or `api.live` and make types of what comes back. Exported
to `api/schema.graphql`. Never runs SQL, never decides who may see something.
"""
