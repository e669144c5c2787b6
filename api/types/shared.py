"""Marks of what many subscribers are told at once: `api.schema.fast_executor` executes it once for all of them."""

#: In the metadata of a field that asks for more: all who are told the same event get the same of it.
SAME_FOR_ALL = "same_for_all"
