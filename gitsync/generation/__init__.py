"""The ApplicationSet controller: follows sets, finds what their generators ask, makes Applications what they say.

Never decides what a set generates or how it rolls out: that is `gitsync.appset`, which is pure. Before it: watches of
ApplicationSets and moved refs. After it: Applications of the home namespace, where `gitsync.reconcile` takes them up.
"""
