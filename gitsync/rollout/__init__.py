"""Progressive delivery: Argo Rollouts' state machine as functions of values.

`step` looks at a Rollout and everything around it and says what to write next; `explain` and `simulate` tell people the
same. Nothing here reads a clock, asks a cluster or waits: time and objects are arguments, and what should happen comes
back as a `Step`. Before it: `gitsync.delivery`, which follows the objects and applies the steps. Beside the core:
`analysis` (templates to runs, runs to verdicts), `routing` (weights to patches of router objects) and `experiment`.
"""
