"""What Git lets a person do, found out with that person's own credential.

Asks Git hosts and remembers the answers for a short time; never decides what follows from them, never shows a
credential to anybody but the host it is for. Before it: Secrets of the runtime's namespace. After it: requests of the
control plane, and the runtime itself right before it acts for a person.
"""
