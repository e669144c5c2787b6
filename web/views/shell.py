"""Declarations of the living parts of the frame in shell.jsx."""

import reflex as rx

from web.components.local import module

SHELL = module("shell.jsx")


class Commands(rx.Component):
    """Shortcuts, command bar, help."""

    library = SHELL
    tag = "Commands"
    places: rx.Var[list[dict[str, str]]]


class ThemeToggle(rx.Component):
    """Light or dark."""

    library = SHELL
    tag = "ThemeToggle"


class PersonMenu(rx.Component):
    """Who is signed in, and the way out."""

    library = SHELL
    tag = "PersonMenu"
    name: rx.Var[str]
    email: rx.Var[str]


class NavLink(rx.Component):
    """An entry of the top bar."""

    library = SHELL
    tag = "NavLink"
    to: rx.Var[str]
    current: rx.Var[bool]


class NavMenu(rx.Component):
    """An entry of the top bar that opens further ones."""

    library = SHELL
    tag = "NavMenu"
    label: rx.Var[str]
    current: rx.Var[bool]


class Connection(rx.Component):
    """The banner that tells that nothing moves any more."""

    library = SHELL
    tag = "Connection"


class Zone(rx.Component):
    """The viewer's time zone."""

    library = SHELL
    tag = "Zone"


class Activity(rx.Component):
    """What has just happened, live."""

    library = module("activity.jsx")
    tag = "Activity"
    name: rx.Var[str]


class Banners(rx.Component):
    """What everybody has to know, wherever they are."""

    library = module("banners.jsx")
    tag = "Banners"
    name: rx.Var[str]


class LoginForm(rx.Component):
    """Name and password, sent to the control plane."""

    library = module("login.jsx")
    tag = "LoginForm"


class Skip(rx.Component):
    """Past the top bar, for keyboards."""

    library = SHELL
    tag = "Skip"
