"""What people see live: one in-process broadcast that every subscription reads at its own pace.

Publishers never wait for readers and keep no queue per reader: changes go into one bounded ring, and a reader that fell
off its end is told to RESYNC. Never checks permissions by itself except by asking `api.access`. Before it:
`api.runtimes` publishes; after it: `api.schema.subscription`.
"""
