"""Experiments: some pod templates side by side for a while, with analyses that watch them.

Pure: `step` looks at an Experiment and at what belongs to it and says what to write next. Never routes traffic: that is
the Rollout's. Before it: a canary step or a person who made the Experiment; after it: the loop, which writes.
"""
