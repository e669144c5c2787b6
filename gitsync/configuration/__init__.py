"""What the settings objects of the home namespace say: argocd-cm and its companions, projects, rules made of them.

Reads objects that others watched into values; asks nobody and decides nothing about an application. Before it:
`gitsync.fleet.home`, which brings the objects. After it: everyone who must know how the engine is set up.
"""
