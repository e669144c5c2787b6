"""The table of runtimes."""

from typing import Any

import reflex as rx

from web import rows
from web.components.kit import AppLink, Bone, Empty, Icon, Moment, Notice, Stale
from web.components.status import Health
from web.states.runtimes import RuntimesState

HEADS = (
    "Runtime",
    "Connection",
    "Health",
    "Installation",
    "Version",
    "Runs",
    "Clusters",
    "Applications",
    "Last report",
)
COMMAND = "argosy runtime create NAME && argosy runtime manifests NAME | kubectl apply -f -"


def runtime_table() -> rx.Component:
    """Runtimes in whatever state the page is."""
    return rx.fragment(
        rx.cond(
            RuntimesState.stale_since,
            Stale.create(since=RuntimesState.stale_since, reason="the control plane does not answer"),
        ),
        rx.match(
            RuntimesState.phase,
            ("loading", _table(_bones())),
            ("failed", _failed()),
            rx.cond(
                RuntimesState.runtimes,
                _table(rx.foreach(RuntimesState.runtimes, lambda row: runtime_line(row=row, key=row.id))),
                Empty.create(
                    title="No runtime is connected",
                    next="Register one and install it in its cluster; it dials in:",
                    command=COMMAND,
                ),
            ),
        ),
    )


def _table(body: rx.Component) -> rx.Component:
    return rx.el.table(
        rx.el.caption("Runtimes", class_name="unseen"),
        rx.el.thead(rx.el.tr(*(rx.el.th(head, scope="col") for head in HEADS))),
        body,
        class_name="rows stacks runtimes",
    )


@rx.memo
def runtime_line(rest: rx.RestProp, row: rx.Var[rows.RuntimeRow]) -> rx.Component:
    """One runtime; drawn again only when it changed."""
    return _line(row, rest)


def _line(row: Any, rest: rx.RestProp) -> rx.Component:
    return rx.el.tbody(
        rx.el.tr(
            rx.el.th(AppLink.create(row.name, to="/runtimes/" + row.name, class_name="row-link"), scope="row"),
            rx.el.td(
                rx.el.span(
                    Icon.create(name=rx.cond(row.live, "signal", "alert")),
                    rx.el.span(row.status),
                    class_name=rx.cond(row.live, "status status-green", "status status-amber"),
                )
            ),
            rx.el.td(Health.create(status=row.health, message=row.message)),
            rx.el.td(row.sync, custom_attrs=_label("Installation")),
            rx.el.td(row.engine, " ", rx.el.span(row.version, class_name="muted")),
            rx.el.td(row.place),
            rx.el.td(row.clusters, class_name="number", custom_attrs=_label("Clusters")),
            rx.el.td(row.applications, class_name="number", custom_attrs=_label("Applications")),
            rx.el.td(Moment.create(at=row.last_report), custom_attrs=_label("Last report")),
            class_name=rx.cond(row.live, "", "faded"),
        ),
        rx.foreach(row.problems, _why),
        rest,
    )


def _label(head: str) -> dict[str, str]:
    """Said beside the value where the screen is too narrow for the heads."""
    return {"data-label": head}


def _why(problem: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            problem.title, ": ", problem.detail, rx.cond(problem.next, "; ", ""), problem.next, col_span=len(HEADS)
        ),
        class_name="why",
    )


def _bones() -> rx.Component:
    line = rx.el.tr(*(rx.el.td(Bone.create()) for _ in HEADS))
    return rx.el.tbody(line, line)


def _failed() -> rx.Component:
    return Notice.create(
        title="The runtimes could not be read",
        detail=RuntimesState.failure,
        next="Runtimes go on by themselves: they need the console for nothing.",
        id=RuntimesState.reference,
        on_retry=RuntimesState.again,
    )
