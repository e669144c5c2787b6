"""Sign-in."""

import reflex as rx

from web.views.shell import LoginForm
from web.layout import bare


def login() -> rx.Component:
    """The page where a session begins."""
    return bare(LoginForm.create())
