"""Sign-in with an account somewhere else: GitHub, GitLab, Gitea, Bitbucket, and any OpenID Connect provider.

`provider` and `flow` are values: addresses, and what answers mean. `client` asks the provider, `identity` says which
person an account is. Never keeps a token of a provider: what a person's Git needs goes to their runtimes, and the rest
is dropped. Before it: `api.endpoints.oauth`; after it: `api.access.sign_in`, which starts the session.
"""
