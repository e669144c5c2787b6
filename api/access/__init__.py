"""Who somebody is and what Git lets them do: sign-in, tokens, verdicts, and the one function that decides.

Never keeps a Git credential: runtimes do, and are asked. Before it: requests and streams; after it: everything that
shows or changes something.
"""
