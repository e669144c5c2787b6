"""Generates the Applications of a set: collects the answers that its generators need, remembers what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gitsync.appset.generate import Generation, GenerationError, generate
from gitsync.appset.inputs import (
    Answer,
    ClusterInput,
    GeneratorInputs,
    GitAnswer,
    GitQuestion,
    HostAnswer,
    HostQuestion,
    Question,
    Unanswered,
)
from gitsync.appset.plan import set_key
from gitsync.generation.git_answers import GitAnswers
from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey

_MOST_ROUNDS = 8  # matrix and merge generators are nested once, so few rounds can be needed
_AT_ONCE = 16
_ENDLESS = Generation(
    (), (GenerationError("ApplicationGenerationFromParamsError", "the generators ask for ever more"),)
)


class Hosts(Protocol):
    """Who answers for Git hosts, plugins and duck-typed resources."""

    async def answer(
        self, question: HostQuestion, asker: ApplicationKey, *, fresh: bool
    ) -> HostAnswer | Unanswered: ...

    def keep(self, asker: ApplicationKey, questions: frozenset[HostQuestion]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Remembered:
    spec: JsonObject
    clusters: tuple[ClusterInput, ...]
    answers: dict[Question, Answer]
    generation: Generation


class SetGeneration:
    """One per runtime. `clusters` are those of now."""

    def __init__(
        self,
        git: GitAnswers,
        hosts: Hosts,
        *,
        clusters: Callable[[], tuple[ClusterInput, ...]],
        now: Callable[[], datetime],
    ) -> None:
        self._git = git
        self._hosts = hosts
        self._clusters = clusters
        self._now = now
        self._remembered: dict[ApplicationKey, _Remembered] = {}
        self.generations_total = 0

    async def generate(self, body: JsonObject, *, fresh: bool = False) -> Generation:
        """`fresh`: hosts are asked again even if they answered a moment ago."""
        key, spec, clusters = set_key(body), body.get("spec") or {}, self._clusters()
        known = self._remembered.get(key)
        answers: dict[Question, Answer] = {}
        if known is not None and known.spec == spec and known.clusters == clusters:
            answers = await self._ask(tuple(known.answers), key, fresh=fresh)
            if all(answers[question] is known.answers[question] for question in answers):
                return known.generation
        generation = await self._rounds(body, clusters, answers, key, fresh=fresh)
        self._remembered[key] = _Remembered(spec, clusters, answers, generation)
        self._keep(key, answers)
        return generation

    def forget(self, key: ApplicationKey) -> None:
        self._remembered.pop(key, None)
        self._keep(key, {})

    def _keep(self, key: ApplicationKey, answers: dict[Question, Answer]) -> None:
        self._git.keep(key, frozenset(one for one in answers if isinstance(one, GitQuestion)))
        self._hosts.keep(key, frozenset(one for one in answers if isinstance(one, HostQuestion)))

    async def _rounds(
        self,
        body: JsonObject,
        clusters: tuple[ClusterInput, ...],
        answers: dict[Question, Answer],
        key: ApplicationKey,
        *,
        fresh: bool,
    ) -> Generation:
        used = dict(answers)
        for _ in range(_MOST_ROUNDS):
            self.generations_total += 1
            inputs = GeneratorInputs(clusters, dict(used), self._git.new_file_globbing())
            generation = await asyncio.to_thread(generate, body, inputs, now=self._now())
            if not generation.questions:
                answers.clear()
                answers.update(used)
                return generation
            used |= await self._ask(generation.questions, key, fresh=fresh)
        return _ENDLESS

    async def _ask(
        self, questions: tuple[Question, ...], key: ApplicationKey, *, fresh: bool
    ) -> dict[Question, Answer]:
        return await _each(
            questions,
            lambda question: self._git.answer(question, key),
            lambda question: self._hosts.answer(question, key, fresh=fresh),
        )


async def answer_all(
    body: JsonObject,
    *,
    clusters: tuple[ClusterInput, ...],
    git: Callable[[GitQuestion], Awaitable[GitAnswer | Unanswered]],
    host: Callable[[HostQuestion], Awaitable[HostAnswer | Unanswered]],
    now: Callable[[], datetime],
    new_file_globbing: bool,
) -> Generation:
    """Generate once, with answers that nobody remembers."""
    used: dict[Question, Answer] = {}
    for _ in range(_MOST_ROUNDS):
        inputs = GeneratorInputs(clusters, dict(used), new_file_globbing)
        generation = await asyncio.to_thread(generate, body, inputs, now=now())
        if not generation.questions:
            return generation
        used |= await _each(generation.questions, git, host)
    return _ENDLESS


async def _each(
    questions: tuple[Question, ...],
    git: Callable[[GitQuestion], Awaitable[GitAnswer | Unanswered]],
    host: Callable[[HostQuestion], Awaitable[HostAnswer | Unanswered]],
) -> dict[Question, Answer]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def ask(question: Question) -> Answer:
        async with slots:
            return await (git(question) if isinstance(question, GitQuestion) else host(question))

    return dict(zip(questions, await asyncio.gather(*map(ask, questions)), strict=True))
