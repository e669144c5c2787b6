"""The application page's header: what it says, and the few deeds that start there."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import reflex as rx

from web import rows
from web.graph import client
from web.states.runtimes import viewer_of
from web.states.session import SessionState
from web.states.streams import follow


@dataclass(frozen=True, slots=True)
class Address:
    """Which application the page is about."""

    runtime: str
    namespace: str
    name: str

    def variables(self) -> client.Variables:
        """As GraphQL arguments."""
        return {"runtime": self.runtime, "namespace": self.namespace, "name": self.name}


def address_of(path: str) -> Address | None:
    """The application in a path `/applications/<runtime>/<namespace>/<name>`."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    return Address(*parts[1:]) if len(parts) == 4 and parts[0] == "applications" else None


class ApplicationState(rx.State):
    """The header of one application."""

    header: rows.Header = rows.Header()
    phase: str = "loading"  # loading, shown, missing, failed
    failure: str = ""
    reference: str = ""
    reachable: bool = True
    last_report: str = ""
    outcome: str = ""
    outcome_next: str = ""
    _address: Address | None = None

    @rx.event(background=True)
    async def watch(self) -> None:
        """Runs while the page is open: reads the header, then follows application and runtime."""
        viewer = await viewer_of(self)
        async with self:
            address = self._begin(address_of(self.router.url.path))
        if address is None:
            return
        await self._read(viewer, address)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_application(viewer, address), name="console: application")
            group.create_task(self._follow_runtime(viewer, address), name="console: runtime of application")

    def _begin(self, address: Address | None) -> Address | None:
        if address != self._address:
            self._address, self.header, self.phase = address, rows.Header(), "loading"
            self.outcome = self.outcome_next = ""
        return address

    async def _read(self, viewer: client.Viewer, address: Address) -> None:
        try:
            answer = await client.ask(viewer, "application", address.variables())
        except client.GraphFailure as failure:
            async with self:
                self.failure, self.reference = str(failure), failure.reference
                if self.phase != "shown":
                    self.phase = "failed"
            return
        async with self:
            self._show(answer["application"])
            self._connected(answer["runtime"])

    async def _follow_application(self, viewer: client.Viewer, address: Address) -> None:
        async for event in follow(viewer, "application_live", address.variables()):
            if event is None:
                continue
            change = event["application"]
            async with self:
                if change["applications"]:
                    self._show(change["applications"][-1])
                elif change["removed"]:
                    self._show(None)

    async def _follow_runtime(self, viewer: client.Viewer, address: Address) -> None:
        async for event in follow(viewer, "runtime_changes", {}):
            if event is not None and event["runtimes"]["metadata"]["name"] == address.runtime:
                async with self:
                    self._connected(event["runtimes"])

    def _show(self, application: dict[str, Any] | None) -> None:
        self.phase = "shown" if application else "missing"
        shown = rows.header(application) if application else rows.Header()
        if shown != self.header:
            self.header = shown

    def _connected(self, runtime: dict[str, Any] | None) -> None:
        reachable = bool(runtime and runtime["available"])
        if reachable != self.reachable:
            self.reachable = reachable
        if not reachable:
            self.last_report = (runtime or {}).get("lastUpdated") or ""

    @rx.event
    async def refresh(self, hard: bool) -> None:
        """Compare with Git again; hard: render again too."""
        await self._do("refresh", "refreshApplication", {"hard": bool(hard)})

    @rx.event
    async def terminate(self) -> None:
        """End the sync under way at its next safe point."""
        await self._do("terminate", "terminateOperation", {})

    async def _do(self, document: str, field: str, variables: client.Variables) -> None:
        address = address_of(self.router.url.path)
        if address is None:
            return
        session = await self.get_state(SessionState)
        self.outcome = self.outcome_next = self.reference = ""
        try:
            answer = await client.ask(session.viewer(), document, address.variables() | variables)
        except client.GraphFailure as failure:
            self.outcome, self.reference = str(failure), failure.reference
            return
        for error in answer[field]["errors"][:1]:
            self.outcome, self.outcome_next = error["message"], error["suggestion"] or ""
