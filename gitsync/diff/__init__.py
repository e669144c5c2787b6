"""Whether a live object is what Git wants, field by field, and what a sync would make of it.

Pure, without schema and without API calls: which fields count and how list items are told apart comes from the object's
own managedFields. Where defaults, webhooks or spellings of quantities may explain a difference, it says so
(`arbiter_needed`) instead of guessing, and `gitsync.execute` asks the API server with one dry run.

Never decides what to do about a difference. Before it: `gitsync.manifest`; after it: `gitsync.plan`, and the console,
which shows each difference with the manager that wrote it.
"""
