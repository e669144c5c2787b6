"""Design tokens: the only place that names a colour or a size. Everything else says `var(--text)` or `var(--space-2)`.

`stylesheet()` becomes `theme.css` and `script_tokens()` becomes `tokens.js` when the console is built.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme. Names say the use, not the hue, except for the six of status."""

    page: str
    surface: str
    sunken: str
    hover: str
    selected: str
    line: str
    edge: str  # borders of controls: 3:1 against the page
    text: str
    muted: str
    accent: str  # links and focus
    action: str  # filled primary button
    on_action: str
    green: str
    blue: str
    amber: str
    red: str
    violet: str
    grey: str
    green_soft: str
    blue_soft: str
    amber_soft: str
    red_soft: str
    violet_soft: str
    grey_soft: str
    tint: str  # a row that has just changed
    shadow: str
    veil: str


LIGHT = Palette(
    page="#fcfcfd",
    surface="#ffffff",
    sunken="#f4f5f7",
    hover="#f0f1f4",
    selected="#e9edfb",
    line="#e4e6ea",
    edge="#878c96",
    text="#1c2024",
    muted="#5c6169",
    accent="#3a55c0",
    action="#3e5bd0",
    on_action="#ffffff",
    green="#17744a",
    blue="#0b66b8",
    amber="#8f5400",
    red="#c0272d",
    violet="#654dc4",
    grey="#5c6169",
    green_soft="#e9f6ef",
    blue_soft="#e7f2fd",
    amber_soft="#fff3dc",
    red_soft="#feecec",
    violet_soft="#f2eefd",
    grey_soft="#f0f1f4",
    tint="#fdf3d0",
    shadow="0 8px 24px rgb(28 32 36 / 0.14), 0 1px 3px rgb(28 32 36 / 0.10)",
    veil="rgb(28 32 36 / 0.28)",
)

DARK = Palette(
    page="#111113",
    surface="#18191b",
    sunken="#1d1e21",
    hover="#232529",
    selected="#222a4a",
    line="#2c2e33",
    edge="#767b84",
    text="#edeef0",
    muted="#adb1b8",
    accent="#9db0ff",
    action="#4560d6",
    on_action="#ffffff",
    green="#4cc38a",
    blue="#70b8ff",
    amber="#f0b64b",
    red="#ff8f8a",
    violet="#b9a7ff",
    grey="#adb1b8",
    green_soft="#13281f",
    blue_soft="#10263d",
    amber_soft="#33260d",
    red_soft="#3a1a1a",
    violet_soft="#282143",
    grey_soft="#232529",
    tint="#3a3112",
    shadow="0 8px 24px rgb(0 0 0 / 0.55), 0 1px 3px rgb(0 0 0 / 0.5)",
    veil="rgb(0 0 0 / 0.5)",
)

#: Sizes, type and motion: the same in both themes.
MEASURES: dict[str, str] = {
    "space-1": "4px",
    "space-2": "8px",
    "space-3": "12px",
    "space-4": "16px",
    "space-6": "24px",
    "space-8": "32px",
    "hairline": "1px",
    "focus-width": "2px",
    "radius": "6px",
    "radius-round": "999px",
    "control": "28px",
    "row": "36px",
    "row-compact": "28px",
    "topbar": "48px",
    "icon": "16px",
    "icon-small": "12px",
    "font": '"Inter Variable", ui-sans-serif, system-ui, sans-serif',
    "mono": '"JetBrains Mono Variable", ui-monospace, monospace',
    "size-content": "13px",
    "line-content": "20px",
    "size-small": "12px",
    "line-small": "16px",
    "size-title": "15px",
    "line-title": "22px",
    "size-page": "20px",
    "line-page": "28px",
    "weight-strong": "550",
    "weight-title": "600",
    "page-width": "1440px",
    "text-width": "640px",
    "search-width": "240px",
    "menu-width": "220px",
    "dialog-width": "480px",
    "drawer-width": "min(760px, 100vw)",
    "form-width": "340px",
    "column-star": "64px",
    "column-status": "116px",
    "column-runtime": "92px",
    "column-age": "112px",
    "column-destination": "176px",
    "pane-min": "420px",
    "log-height": "480px",
    "tile-min": "420px",
    "tile-wide": "560px",
    "figure": "22px",
    "dot": "10px",
    "bar": "6px",
    "menu-height": "320px",
    "step-min": "148px",
    "step-current": "220px",
    "editor-height": "560px",
    "wide-dialog": "880px",
    "motion": "120ms ease-out",
    "motion-tint": "600ms ease-out",
    "motion-turn": "1.2s linear infinite",
    "motion-pulse": "1.6s ease-in-out infinite",
}

#: Measures of the resource tree, needed by its layout as numbers (pixels).
TREE: dict[str, int] = {"nodeWidth": 256, "nodeHeight": 48, "columnGap": 56, "rowGap": 12, "foldFrom": 6}

#: What each status looks like: (word, colour). Shapes are drawn in components/status.jsx, one per status and never
#: shared between health and sync.
HEALTH_LOOKS: dict[str, tuple[str, str]] = {
    "HEALTHY": ("Healthy", "green"),
    "PROGRESSING": ("Progressing", "blue"),
    "DEGRADED": ("Degraded", "red"),
    "SUSPENDED": ("Suspended", "violet"),
    "MISSING": ("Missing", "amber"),
    "UNKNOWN": ("Unknown", "grey"),
    "TERMINATED": ("Terminated", "grey"),
}
SYNC_LOOKS: dict[str, tuple[str, str]] = {
    "SYNCED": ("Synced", "green"),
    "OUT_OF_SYNC": ("Out of sync", "amber"),
    "SYNCING": ("Syncing", "blue"),
    "UNKNOWN": ("Unknown", "grey"),
}

#: Phases of Rollouts and analyses and states of their steps: (word, colour, the shape of which health).
PHASE_LOOKS: dict[str, tuple[str, str, str]] = {
    "Healthy": ("Healthy", "green", "HEALTHY"),
    "Progressing": ("Progressing", "blue", "PROGRESSING"),
    "Paused": ("Paused", "violet", "SUSPENDED"),
    "Degraded": ("Degraded", "red", "DEGRADED"),
    "Terminated": ("Terminated", "grey", "TERMINATED"),
    "Unknown": ("Unknown", "grey", "UNKNOWN"),
    "Pending": ("Pending", "grey", "MISSING"),
    "Running": ("Running", "blue", "PROGRESSING"),
    "Successful": ("Successful", "green", "HEALTHY"),
    "Failed": ("Failed", "red", "DEGRADED"),
    "Error": ("Error", "red", "DEGRADED"),
    "Inconclusive": ("Inconclusive", "amber", "UNKNOWN"),
    "PENDING": ("To come", "grey", "MISSING"),
    "ACTIVE": ("Under way", "blue", "PROGRESSING"),
    "PASSED": ("Passed", "green", "HEALTHY"),
    "SKIPPED": ("Skipped", "grey", "TERMINATED"),
    "FAILED": ("Failed", "red", "DEGRADED"),
    "PAUSED_INDEFINITE": ("Waits for you", "violet", "SUSPENDED"),
    "PAUSED_INCONCLUSIVE": ("Inconclusive", "amber", "UNKNOWN"),
    "TERMINATED": ("Terminated", "grey", "TERMINATED"),
}


def _declarations(values: dict[str, str]) -> str:
    return "".join(f"  --{name.replace('_', '-')}: {value};\n" for name, value in values.items())


def colours(palette: Palette) -> dict[str, str]:
    """The palette by token name."""
    return {field.name: getattr(palette, field.name) for field in fields(palette)}


def stylesheet() -> str:
    """All tokens as custom properties. The system's preference decides until the script has set a class."""
    light, dark = _declarations(colours(LIGHT)), _declarations(colours(DARK))
    return (
        f":root {{\n{_declarations(MEASURES)}{light}  color-scheme: light;\n}}\n"
        f"@media (prefers-color-scheme: dark) {{\n:root:not(.light) {{\n{dark}  color-scheme: dark;\n}}\n}}\n"
        f":root.dark {{\n{dark}  color-scheme: dark;\n}}\n"
    )


def script_tokens() -> str:
    """What the scripts need to know: words and colours of statuses, measures of the tree."""

    def looks(table: dict[str, tuple[str, str]]) -> str:
        return (
            "{"
            + ", ".join(f'{key}: {{ word: "{word}", colour: "{colour}" }}' for key, (word, colour) in table.items())
            + "}"
        )

    phases = ", ".join(
        f'{key}: {{ word: "{word}", colour: "{colour}", shape: "{shape}" }}'
        for key, (word, colour, shape) in PHASE_LOOKS.items()
    )
    tree = ", ".join(f"{name}: {value}" for name, value in TREE.items())
    return (
        f"export const HEALTH = {looks(HEALTH_LOOKS)};\n"
        f"export const SYNC = {looks(SYNC_LOOKS)};\n"
        f"export const PHASES = {{ {phases} }};\n"
        f"export const TREE = {{ {tree} }};\n"
    )
