"""Answers of Git hosts, plugins and duck-typed resources to the generators of ApplicationSets."""

from gitsync.appset.inputs import HostAnswer, HostQuestion, Unanswered


class HostAnswers:
    """`gitsync.reconcile.set_generation.Hosts`."""

    async def answer(self, question: HostQuestion, asker: str, *, fresh: bool) -> HostAnswer | Unanswered:
        return Unanswered(f"the {question.kind} generator is not supported by this version yet")
