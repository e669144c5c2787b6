"""The store over HTTPS: URLs, bodies and answers of the Kubernetes API.

Nothing here decides what a write means (see `writes`) or keeps anything: a request is told apart, handed on, answered.
"""
