"""Conditions of metrics, in the syntax of expr-lang as far as conditions use it. An interpreter of our own: no eval.

Pure and bounded: every evaluation has a budget of steps and of memory. Before it: a metric's condition as text and the
value that was measured; after it: true, false or an error.
"""
