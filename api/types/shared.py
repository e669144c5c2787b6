"""Marks of what many are told: `api.schema.fast_executor` executes an event once for all of them, and an answer that
many ask for is made once for those who see the same (`api.schema.sharing`)."""

#: In the metadata of a field that asks for more: all who are told the same event get the same of it.
SAME_FOR_ALL = "same_for_all"

#: In the metadata of a field that asks for more: who sees the same applications and runtimes gets the same of it, until
#: one of these changes. What depends on anything else (Git, a runtime's answer, the clock, who asks) must not have it.
SAME_FOR_EQUALS = "same_for_equals"
