"""AnalysisRuns: from templates to runs, from measurements to verdicts.

Pure: `make_run` merges templates, `step` says which questions to ask now and what their answers mean. Never asks a
provider of metrics, reads a clock or a Secret. Before it: a Rollout or an Experiment that wants to know; after it:
`gitsync.measurement`, which asks.
"""
