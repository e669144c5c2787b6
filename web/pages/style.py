"""Every component in every state, to look at and to test against."""

import reflex as rx

from web import theme
from web.components.kit import Bone, CommitLink, Empty, Icon, Moment, Notice, Stale
from web.components.status import Health, Phase, Sync
from web.layout import framed
from web.views.dashboards import DialogSamples, EditorSamples, ToastSamples

COMMIT = {
    "sha": "3f2a91c0d4e5b6a7980912345678901234567890",
    "message": "Raise limits",
    "author": {"name": "Mira K."},
    "date": "2026-01-05T12:00:00Z",
    "url": "https://git.example/platform/commit/3f2a91c",
}
SWATCHES = (
    "page",
    "surface",
    "sunken",
    "hover",
    "selected",
    "line",
    "edge",
    "text",
    "muted",
    "accent",
    "action",
    "tint",
)


def style() -> rx.Component:
    """The page of components."""
    return framed(
        rx.el.div(
            rx.el.h1("Style", class_name="page-title"),
            _section("Health", *(Health.create(status=status) for status in theme.HEALTH_LOOKS)),
            _section("Health, icon only", *(Health.create(status=status, bare=True) for status in theme.HEALTH_LOOKS)),
            _section("Sync", *(Sync.create(status=status) for status in theme.SYNC_LOOKS)),
            _section("Sync, icon only", *(Sync.create(status=status, bare=True) for status in theme.SYNC_LOOKS)),
            _section("Rollouts, analyses, steps", *(Phase.create(phase=phase) for phase in theme.PHASE_LOOKS)),
            _section("Buttons", *_buttons()),
            _section(
                "Commit",
                CommitLink.create(commit=COMMIT, age=True),
                CommitLink.create(revision=COMMIT["sha"]),
                CommitLink.create(),
            ),
            _section("Moments", Moment.create(at="2026-01-05T12:00:00Z"), Moment.create(at=None)),
            _section("Loading", Bone.create(), Bone.create(wide=True)),
            _section("Notices", *_notices(), stacked=True),
            _section(
                "Empty", Empty.create(title="No applications yet", next="Push an Application manifest to a Git Source.")
            ),
            _section("Stale", Stale.create(since="2026-01-05T14:03:22Z", reason="runtime demo is not reachable")),
            _section("Dialogs", DialogSamples.create()),
            _section("Toasts", ToastSamples.create(commit=COMMIT)),
            _section("Editor", EditorSamples.create(), stacked=True),
            _section("Colours", *(_swatch(name) for name in SWATCHES)),
            class_name="page style-page",
        ),
        place="/style",
    )


def _section(title: str, *children: rx.Component, stacked: bool = False) -> rx.Component:
    return rx.el.section(
        rx.el.h2(title),
        rx.el.div(*children, class_name="samples stacked" if stacked else "samples"),
    )


def _buttons() -> list[rx.Component]:
    return [
        rx.el.button("Primary", class_name="button primary", type="button"),
        rx.el.button("Plain", class_name="button", type="button"),
        rx.el.button("Quiet", class_name="button quiet", type="button"),
        rx.el.button("Dangerous", class_name="button danger", type="button"),
        rx.el.button(
            "Disabled", class_name="button", type="button", disabled=True, title="You may not push to this repository"
        ),
        rx.el.button(Icon.create(name="refresh"), class_name="button icon-only", type="button", aria_label="Refresh"),
    ]


def _notices() -> list[rx.Component]:
    return [
        Notice.create(
            title="The tree could not be read",
            detail="Runtime demo did not answer within 5 s.",
            next="The list still works. It goes on by itself once the runtime is back.",
            id="01JD5R7K",
        ),
        Notice.create(
            tone="amber", title="Token of runtime demo expires in 3 days", next="argosy token create --runtime demo"
        ),
        Notice.create(tone="grey", title="Nothing differs", detail="Live state is what Git says."),
    ]


def _swatch(name: str) -> rx.Component:
    return rx.el.div(
        rx.el.span(class_name="swatch", style={"background": f"var(--{name})"}),
        rx.el.code(name),
        class_name="swatch-row",
    )
