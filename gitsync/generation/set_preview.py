"""What an ApplicationSet would generate, create, change and delete, told to a person and not done.

The person may push to the Git Source that the set would be committed to; what the generators read of Git, the person
must be able to read. Hosts are asked with a token only what a set of this runtime asks them already: whoever commits a
set that sends a token somewhere leaves a trace of it, and a preview leaves none.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.access.probe import AccessProbe
from gitsync.application.record import Records, sentence
from gitsync.appset.generate import Generation
from gitsync.appset.inputs import GitAnswer, GitQuestion, HostAnswer, HostQuestion, Unanswered
from gitsync.appset.plan import ApplicationChange, ApplicationPlan, Verb, set_key
from gitsync.errors import GitsyncError
from gitsync.generation.application_sets import ApplicationSets
from gitsync.generation.git_answers import GitAnswers
from gitsync.generation.host_answers import HostAnswers
from gitsync.generation.set_generation import answer_all
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from gitsync.reporting.link import Refused
from gitsync.reporting.report import is_git_source
from model.identity import ApplicationKey
from model.kinds.application import APPLICATION_SET, GROUP, TRACKING_ANNOTATION
from model.link_appset import ApplicationSetPreviewAnswer, PlannedApplication, PreviewApplicationSet

_MOST_NAMES = 5000
_MOST_MANIFESTS = 200
_MOST_WORDS = 200
_LARGEST_MANIFEST = 500_000
_SECRETS = ("tokenRef", "appSecretName", "appPasswordRef", "basicAuth", "bearerToken", "configMapRef")


@dataclass(frozen=True, slots=True)
class SetPreviews:
    """One per runtime."""

    namespace: str
    records: Records
    sets: ApplicationSets
    git: GitAnswers
    hosts: HostAnswers
    probe: AccessProbe
    number: Callable[[], int]

    async def preview(self, body: PreviewApplicationSet) -> ApplicationSetPreviewAnswer:
        """Raises Refused."""
        person = body.author.name
        await self._authorise(body.git_source, person)
        application_set = self._set(body)
        asker = ApplicationKey(set_key(application_set).namespace, f"preview {self.number()}", is_set=True)
        try:
            generation = await answer_all(
                application_set,
                clusters=self.sets.clusters,
                git=lambda question: self._git(question, asker, person),
                host=lambda question: self._host(question, asker),
                now=self.sets.now,
                new_file_globbing=self.git.new_file_globbing(),
            )
            preview = await self.sets.planned(application_set, generation)
        finally:
            self.git.keep(asker, frozenset())
            self.hosts.keep(asker, frozenset())
        return _told(preview.generation, preview.plan, self.records, asker.namespace)

    async def _authorise(self, git_source: str, person: str) -> None:
        record = self.records.get(ApplicationKey(self.namespace, git_source))
        if record is None or not is_git_source(record) or not record.application.spec.all_sources:
            raise Refused("NOT_FOUND_ERROR", f"there is no Git Source {git_source!r:.100} in this runtime")
        if person:
            verdict = await self.probe.verdict(person, record.application.spec.all_sources[0].repo_url)
            if not verdict.write:
                why = verdict.reason or "no permission to push to its repository"
                raise Refused("FORBIDDEN_ERROR", f"{person} may not change Git Source {git_source}: {why}")

    def _set(self, body: PreviewApplicationSet) -> JsonObject:
        """With the identity of the set of that name that there is, so that its Applications count as its own."""
        if not body.manifest:
            known = self._held(body.name, body)
            if known is None:
                raise Refused("NOT_FOUND_ERROR", f"there is no ApplicationSet {body.name!r:.100} in this runtime")
            return known
        given = _read(body.manifest)
        namespace = str(given["metadata"].get("namespace") or self.namespace)
        if not self.sets.places.has(namespace):
            message = f"namespace {namespace!r:.100} is none that this runtime follows ApplicationSets in"
            raise Refused("VALIDATION_ERROR", message, field="manifest")
        metadata = {**given["metadata"], "namespace": namespace}
        known = self._held(str(metadata["name"]), body, namespace)
        if known is not None:
            metadata["uid"] = known["metadata"].get("uid")
        return {**given, "metadata": metadata}

    def _held(self, name: str, body: PreviewApplicationSet, namespace: str = "") -> JsonObject | None:
        """The set of that name, if the Git Source holds it: what others' sets own is not told. Without a namespace,
        that of the runtime comes first."""
        keys = sorted((one for one in self.sets if one.name == name), key=lambda one: one.namespace != self.namespace)
        known = next((self.sets.get(one) for one in keys if namespace in ("", one.namespace)), None)
        if known is None or not body.author.name:
            return known
        source = self.records.get(ApplicationKey(self.namespace, body.git_source))
        mark = str((known["metadata"].get("annotations") or {}).get(TRACKING_ANNOTATION) or "")
        return known if source is not None and mark.partition(":")[0] == source.instance else None

    async def _git(self, question: GitQuestion, asker: ApplicationKey, person: str) -> GitAnswer | Unanswered:
        if person and not (await self.probe.verdict(person, question.url)).read:
            return Unanswered("a repository that the git generator names cannot be read with your permissions")
        return await self.git.answer(question, asker)

    async def _host(self, question: HostQuestion, asker: ApplicationKey) -> HostAnswer | Unanswered:
        if (known := self.hosts.known(question, asker.namespace)) is not None:
            return known
        if any(f'"{field}"' in question.generator for field in _SECRETS):
            return Unanswered(
                f"a preview asks with a token only what a set of this runtime asks already, and the {question.kind} "
                "generator asks something else"
            )
        return await self.hosts.answer(question, asker, fresh=False)


def _read(manifest: str) -> JsonObject:
    if len(manifest) > _LARGEST_MANIFEST:
        raise Refused("VALIDATION_ERROR", "the manifest is too large", field="manifest")
    try:
        bodies = [document.body for document in parse_manifests(manifest.encode(), file="manifest")]
    except GitsyncError as failure:
        raise Refused("VALIDATION_ERROR", sentence(failure), field="manifest") from failure
    if (
        len(bodies) != 1
        or bodies[0].get("kind") != APPLICATION_SET
        or not str(bodies[0].get("apiVersion")).startswith(GROUP)
    ):
        raise Refused("VALIDATION_ERROR", "the manifest is not one ApplicationSet", field="manifest")
    if not isinstance(bodies[0].get("spec"), dict) or not bodies[0]["metadata"].get("name"):
        raise Refused("VALIDATION_ERROR", "the ApplicationSet has no spec, or no name", field="manifest")
    return bodies[0]


def _told(
    generation: Generation, plan: ApplicationPlan, records: Records, namespace: str
) -> ApplicationSetPreviewAnswer:
    def change(one: ApplicationChange) -> PlannedApplication:
        record = records.get(ApplicationKey(namespace, one.name))
        return PlannedApplication(
            name=one.name,
            action=str(one.verb),
            reason=one.reason,
            manifest=None if one.verb is Verb.DELETE else _worded(one.body),
            live=_worded(record.raw) if record is not None and one.verb is not Verb.CREATE else None,
        )

    return ApplicationSetPreviewAnswer(
        names=tuple(one["metadata"]["name"] for one in generation.applications[:_MOST_NAMES]),
        complete=generation.complete,
        changes=tuple(map(change, plan.changes[:_MOST_MANIFESTS])),
        changes_count=len(plan.changes),
        withheld=plan.withheld[:_MOST_WORDS],
        errors=tuple(one.message for one in generation.errors[:_MOST_WORDS]),
        warnings=generation.warnings,
    )


def _worded(body: JsonObject) -> JsonObject:
    """What people write of it."""
    metadata = {key: value for key, value in body["metadata"].items() if key in ("name", "labels", "annotations")}
    told = {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": metadata}
    return {**told, "spec": body.get("spec") or {}}
