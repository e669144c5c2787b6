"""The header of an application: where it is, how it is and why, what it is synced to, and what can be done."""

from typing import Any

import reflex as rx

from web.components.kit import AppLink, Bone, CommitLink, Icon, Moment, Notice
from web.components.status import Health, Sync
from web.states.application import ApplicationState
from web.views.deeds import Deeds, ProductFact

HEADER: Any = ApplicationState.header  # seen from here it is a variable of the browser, not a value
ROUTE: Any = rx.State


def application_header() -> rx.Component:
    """All of it, or its shape while it loads."""
    return rx.el.header(
        _title(),
        rx.cond(ApplicationState.phase == "loading", _bones(), rx.fragment(_health(), _facts())),
        _running(),
        _outcome(),
        rx.cond(HEADER.problems, rx.el.ul(rx.foreach(HEADER.problems, _problem), class_name="problems")),
        class_name="application-head",
    )


def _problem(problem: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(Icon.create(name="alert"), class_name="status status-" + problem.tone),
        rx.el.span(
            rx.el.strong(problem.title),
            " ",
            problem.detail,
            " ",
            rx.el.span(problem.next, class_name="muted"),
        ),
    )


def _title() -> rx.Component:
    return rx.el.div(
        rx.el.nav(
            AppLink.create("Applications", to="/applications"),
            rx.el.span("/", aria_hidden="true"),
            AppLink.create(ROUTE.runtime, to="/applications?since=any&runtime=" + ROUTE.runtime.to(str)),
            rx.el.span("/", aria_hidden="true"),
            rx.cond(
                HEADER.parent,
                rx.fragment(AppLink.create(HEADER.parent, to=HEADER.parent_place), rx.el.span("/", aria_hidden="true")),
            ),
            aria_label="Where this is",
            class_name="crumbs",
        ),
        rx.el.h1(ROUTE.name),
        rx.el.div(class_name="grow"),
        Deeds.create(
            name=HEADER.name,
            target=HEADER.target,
            destination=HEADER.destination,
            allowed=HEADER.may_sync,
            reason=HEADER.reason,
            running=HEADER.running,
            on_refresh=ApplicationState.refresh,
            on_terminate=ApplicationState.terminate,
        ),
        class_name="page-head",
    )


def _health() -> rx.Component:
    return rx.el.p(
        Health.create(status=HEADER.health, message=HEADER.health_message),
        rx.cond(HEADER.explanation, rx.el.span(HEADER.explanation, class_name="explanation")),
        rx.cond(
            HEADER.explanation & HEADER.file,
            rx.el.span(
                "manifest: ",
                rx.cond(
                    HEADER.file_url,
                    rx.el.a(rx.el.code(HEADER.file), href=HEADER.file_url, target="_blank", rel="noreferrer"),
                    rx.el.code(HEADER.file),
                ),
                class_name="muted",
            ),
        ),
        class_name="head-line",
    )


def _facts() -> rx.Component:
    return rx.el.p(
        Sync.create(status=HEADER.sync),
        rx.el.span(HEADER.sync_words),
        CommitLink.create(commit=HEADER.commit, revision=HEADER.revision, age=True),
        _fact(
            rx.el.span(
                HEADER.last_sync,
                title=HEADER.last_sync_message,
                class_name=rx.cond(HEADER.last_sync_failed, "status-red", ""),
            ),
            rx.cond(HEADER.last_sync_at, rx.fragment(" ", Moment.create(at=HEADER.last_sync_at))),
            HEADER.last_sync_detail,
        ),
        _fact(HEADER.auto_sync),
        _fact(
            rx.cond(
                HEADER.source_url,
                rx.el.a(HEADER.source, href=HEADER.source_url, target="_blank", rel="noreferrer"),
                rx.el.span(HEADER.source),
            )
        ),
        _fact(HEADER.destination),
        rx.cond(HEADER.created, _fact("created ", Moment.create(at=HEADER.created))),
        rx.cond(HEADER.product, ProductFact.create(product=HEADER.product)),
        class_name="head-line facts-line",
    )


def _fact(*parts: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.span(*parts, class_name="fact")


def _bones() -> rx.Component:
    return rx.fragment(
        rx.el.p(Bone.create(), class_name="head-line"),
        rx.el.p(Bone.create(), Bone.create(wide=True), Bone.create(), class_name="head-line facts-line"),
    )


def _running() -> rx.Component:
    return rx.cond(
        HEADER.running,
        rx.el.p(
            Sync.create(status="SYNCING"), rx.el.span(HEADER.running_words, class_name="muted"), class_name="head-line"
        ),
    )


def _outcome() -> rx.Component:
    return rx.cond(
        ApplicationState.outcome,
        Notice.create(
            title="Not done",
            detail=ApplicationState.outcome,
            next=ApplicationState.outcome_next,
            id=ApplicationState.reference,
        ),
    )
