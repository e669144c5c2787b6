"""The runtimes page: all runtimes, kept current by one stream per tab."""

import reflex as rx

from web import rows
from web.graph import client
from web.states.session import SessionState
from web.states.streams import follow


class RuntimesState(rx.State):
    """Lines of the runtimes page."""

    runtimes: list[rows.RuntimeRow] = []  # noqa: RUF012  (Reflex copies defaults per session)
    phase: str = "loading"  # loading, shown, failed
    failure: str = ""
    reference: str = ""
    stale_since: str = ""
    read_at: str = ""

    @rx.event(background=True)
    async def watch(self) -> None:
        """Runs while the page is open: reads all, then follows. Reflex cancels it when the tab leaves."""
        viewer = await viewer_of(self)
        await self._read(viewer)
        async for event in follow(viewer, "runtime_changes", {}):
            if event is None:
                async with self:
                    self.stale_since = self.read_at
                continue
            async with self:
                if self.stale_since or self.phase != "shown":
                    self.stale_since, self.phase = "", "shown"
                self.runtimes = updated(self.runtimes, rows.runtime_row(event["runtimes"]))
                self.read_at = client.moment()

    @rx.event
    async def again(self) -> None:
        """Read once more, on the person's request."""
        session = await self.get_state(SessionState)
        self.phase = "loading"
        await self._answer(session.viewer())

    async def _read(self, viewer: client.Viewer) -> None:
        try:
            answer = await client.ask(viewer, "runtimes")
        except client.GraphFailure as failure:
            async with self:
                self._failed(failure)
            return
        async with self:
            self._show(answer)

    async def _answer(self, viewer: client.Viewer) -> None:
        try:
            self._show(await client.ask(viewer, "runtimes"))
        except client.GraphFailure as failure:
            self._failed(failure)

    def _show(self, answer: client.Answer) -> None:
        self.runtimes = [rows.runtime_row(runtime) for runtime in answer["runtimes"]["nodes"]]
        self.phase, self.failure, self.stale_since, self.read_at = "shown", "", "", client.moment()

    def _failed(self, failure: client.GraphFailure) -> None:
        self.failure, self.reference = str(failure), failure.reference
        if self.phase == "shown":
            self.stale_since = self.read_at
        else:
            self.phase = "failed"


async def viewer_of(state: rx.State) -> client.Viewer:
    """On whose behalf a background handler asks."""
    async with state:
        return (await state.get_state(SessionState)).viewer()


def updated(known: list[rows.RuntimeRow], row: rows.RuntimeRow) -> list[rows.RuntimeRow]:
    """The same lines with this one in its place; a new one at its place by name."""
    if any(one.id == row.id for one in known):
        return [row if one.id == row.id else one for one in known]
    return sorted([*known, row], key=lambda one: one.name)
