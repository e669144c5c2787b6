"""Splits traffic between stable and canary pods, one file a router: from the wanted weights to writes of objects.

Pure: the objects come in as values, and what goes out are writes and events for the loop. Never decides a weight and
never reads a clock or a cluster. Before it: the step that decided the weights; after it: the loop, which writes.
"""
