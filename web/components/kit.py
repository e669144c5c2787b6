"""Declarations of the small pieces in kit.jsx."""

from typing import Any

import reflex as rx

from web.components.local import module

KIT = module("kit.jsx")


class Icon(rx.Component):
    """One of the console's own pictures."""

    library = KIT
    tag = "Icon"
    name: rx.Var[str]


class Moment(rx.Component):
    """A moment, relative, with the exact one on hover."""

    library = KIT
    tag = "Moment"
    at: rx.Var[str | None]


class CommitLink(rx.Component):
    """A commit: short id, first line, author, age."""

    library = KIT
    tag = "CommitLink"
    commit: rx.Var[dict[str, Any] | None]
    revision: rx.Var[str | None]
    age: rx.Var[bool]


class Notice(rx.Component):
    """What happened, what still works, what to do."""

    library = KIT
    tag = "Notice"
    tone: rx.Var[str]
    title: rx.Var[str]
    detail: rx.Var[str]
    next: rx.Var[str]
    id: rx.Var[str]
    on_retry: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[type-arg,valid-type]  # Reflex's notation


class Empty(rx.Component):
    """Nothing here, and the next step."""

    library = KIT
    tag = "Empty"
    title: rx.Var[str]
    next: rx.Var[str]
    command: rx.Var[str]


class Stale(rx.Component):
    """Data that no longer moves: since when, and why."""

    library = KIT
    tag = "Stale"
    since: rx.Var[str | None]
    reason: rx.Var[str]


class Bone(rx.Component):
    """The shape of something that is being loaded."""

    library = KIT
    tag = "Bone"
    wide: rx.Var[bool]


class AppLink(rx.Component):
    """A link inside the console."""

    library = KIT
    tag = "AppLink"
    to: rx.Var[str]
    current: rx.Var[bool]
