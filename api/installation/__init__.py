"""What a hybrid runtime needs in its cluster, as Kubernetes objects: functions of values.

Never talks to a cluster: people apply what is made here with kubectl, or install the chart in `deploy/`, which says the
same (a test compares the two). The runtime itself creates the definitions of its kinds where they are missing, so none
are among the objects and nobody else's are ever changed.
"""
