"""The console: what people see in the browser.

Built with Reflex. Its pages hold no truth of their own: everything shown comes from the control plane as GraphQL, asked
with the session cookie of the person who looks, over HTTP for questions and over WebSockets for what is live. It never
imports the control plane, the runtime or their model, and never decides who may see what: the API does, on every call.

Before it: the GraphQL API of the control plane, which also serves the built bundle. After it: a person.
"""
