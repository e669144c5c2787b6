"""Sign-in."""

import reflex as rx

from web.layout import bare
from web.views.shell import LoginForm


def login() -> rx.Component:
    """The page where a session begins."""
    return bare(LoginForm.create())
