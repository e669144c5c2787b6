"""GraphQL types: what is published, one noun per file, made from values of `model` by `of`.

Attributes are plain wherever the value is at hand, so that lists are read without a call per field; a method is a field
that costs a question to a loader or a runtime. Never runs SQL, never decides who may see something.
"""
