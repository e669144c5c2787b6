"""What is set up in clusters, and taken away again, from the command line: accounts in destination clusters, runtimes.

Talks to clusters with the rights of whoever runs the command; nothing here runs inside a runtime.
"""
