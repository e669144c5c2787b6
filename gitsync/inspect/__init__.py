"""What the engine would say about files, offline: for people who debug, and for tests that hold us against others.

The only code outside the adapters that reads the file system; it decides nothing itself. Before it:
`gitsync.cli.inspect`; after it: health, actions, diff, plan and render, which it calls as the engine does.
"""
