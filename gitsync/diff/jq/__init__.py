"""jq expressions that name fields to be left out of a comparison: read, walked over a value, and removed.

Our own, since an expression comes from whoever may write an Application: it runs over values in this process, so it
counts its steps and stops, opens nothing, and needs no process to be killed. It has jq's paths, conditions and the
functions that conditions use; definitions, modules, input and environment are refused by name.

Never changes what it is given. Before it: `gitsync.diff.ignore`, which collects the expressions; after it: the
comparison of what is left.
"""
