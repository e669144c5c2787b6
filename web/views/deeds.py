"""Declarations of what has its own mind in an application's header and below it."""

import reflex as rx

from web.components.local import module


class Deeds(rx.NoSSRComponent):
    """Sync with its dialog, Refresh with Hard, Terminate while a sync runs, and a menu with the rest."""

    library = module("deeds.jsx")
    tag = "Deeds"
    name: rx.Var[str]
    target: rx.Var[str]
    destination: rx.Var[str]
    allowed: rx.Var[bool]
    reason: rx.Var[str]
    running: rx.Var[bool]
    on_refresh: rx.EventHandler[rx.event.passthrough_event_spec(bool)]  # type: ignore[type-arg,valid-type]  # Reflex's notation
    on_terminate: rx.EventHandler[rx.event.no_args_event_spec]  # type: ignore[type-arg,valid-type]  # Reflex's notation


class ProductFact(rx.NoSSRComponent):
    """The product that it is a part of, and how many of that one's applications there are in each environment."""

    library = module("environmentparts.jsx")
    tag = "ProductFact"
    product: rx.Var[str]


class ApplicationPane(rx.NoSSRComponent):
    """Tree or list, differences, events, logs and the drawer, with their own streams (pane.jsx)."""

    library = module("pane.jsx")
    tag = "ApplicationPane"
    health_status: rx.Var[str]
    sync_status: rx.Var[str]
    revision: rx.Var[str]
    may_operate: rx.Var[bool]
    reason: rx.Var[str]
    reachable: rx.Var[bool]
    last_report: rx.Var[str]
