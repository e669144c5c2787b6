"""The one picture of a status."""

import reflex as rx

from web.components.local import module


class Health(rx.Component):
    """Health as icon, word and colour; `bare` leaves the word to screen readers."""

    library = module("status.jsx")
    tag = "Health"
    status: rx.Var[str]
    message: rx.Var[str]
    bare: rx.Var[bool]


class Sync(rx.Component):
    """Sync state as icon, word and colour."""

    library = module("status.jsx")
    tag = "Sync"
    status: rx.Var[str]
    message: rx.Var[str]
    bare: rx.Var[bool]


class Phase(rx.Component):
    """Phase of a Rollout or an analysis, or the state of a step."""

    library = module("status.jsx")
    tag = "Phase"
    phase: rx.Var[str]
    message: rx.Var[str]
    bare: rx.Var[bool]
