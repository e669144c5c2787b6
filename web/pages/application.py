"""One application."""

import reflex as rx

from web.components.kit import Empty, Notice
from web.layout import framed
from web.states.application import ApplicationState
from web.views.application_header import HEADER, application_header
from web.views.deeds import ApplicationPane


def application() -> rx.Component:
    """Header and live resources, or why they cannot be shown."""
    return framed(
        rx.el.div(
            rx.match(
                ApplicationState.phase,
                ("missing", _missing()),
                ("failed", _failed()),
                rx.fragment(application_header(), _pane()),
            ),
            class_name="page full application",
        ),
        place="/applications",
    )


def _pane() -> rx.Component:
    return ApplicationPane.create(
        health_status=HEADER.health,
        sync_status=HEADER.sync,
        revision=HEADER.revision,
        may_operate=HEADER.may_sync,
        reason=HEADER.reason,
        reachable=ApplicationState.reachable,
        last_report=ApplicationState.last_report,
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("No such application"),
        Empty.create(
            title="It does not exist, or you may not read the repository that holds its manifest.",
            next="Check the address, or ask the owners of that repository for read access.",
        ),
    )


def _failed() -> rx.Component:
    return rx.el.div(
        rx.el.h1("Application"),
        Notice.create(
            title="The application could not be read",
            detail=ApplicationState.failure,
            next="It is asked for again by itself; nothing in the cluster is changed by this.",
            id=ApplicationState.reference,
            on_retry=ApplicationState.watch,
        ),
    )
