"""Takes the measurements that AnalysisRuns ask for: one file a provider of metrics.

The only place that talks to Prometheus, Datadog and the like. Never judges a value and never writes an AnalysisRun.
Before it: the questions of `gitsync.rollout.analysis`; after it: the same, with the answers.
"""
