"""An address that leads nowhere."""

import reflex as rx

from web.components.kit import AppLink, Empty
from web.layout import framed


def not_found() -> rx.Component:
    """What stands at an address that does not exist."""
    return framed(
        rx.el.div(
            rx.el.h1("Not found"),
            Empty.create(
                title="There is nothing at this address.", next="Check it for a typing error, or start from the list."
            ),
            rx.el.p(AppLink.create("All applications", to="/applications"), class_name="empty"),
            class_name="page",
        ),
        place="",
    )
