"""Declaration of the corner that tells what was just done."""

import reflex as rx

from web.components.local import module


class Toasts(rx.NoSSRComponent):
    """The newest few, each with its commit."""

    library = module("toast.jsx")
    tag = "Toasts"
