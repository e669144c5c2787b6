"""Tokens: readable in both themes, and named nowhere else."""

import re
from pathlib import Path

import pytest

from web import theme
from web.theme import DARK, LIGHT, Palette

WEB = Path(theme.__file__).parent
THEMES = {"light": LIGHT, "dark": DARK}
BACKGROUNDS = ("page", "surface", "sunken", "hover", "selected", "tint")
STATUS_COLOURS = ("green", "blue", "amber", "red", "violet", "grey")
TEXT_RATIO, ICON_RATIO = 4.5, 3.0


def sheets() -> str:
    return "".join(sheet.read_text() for sheet in sorted((WEB / "assets").glob("*.css")))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("text", ["text", "muted", "accent", *STATUS_COLOURS])
def test_text_is_readable_on_every_background(name: str, background: str, text: str) -> None:
    palette = THEMES[name]
    assert contrast(getattr(palette, text), getattr(palette, background)) >= TEXT_RATIO


@pytest.mark.parametrize("palette", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("colour", STATUS_COLOURS)
def test_status_words_are_readable_on_their_own_soft_background(palette: Palette, colour: str) -> None:
    soft = getattr(palette, f"{colour}_soft")
    assert contrast(getattr(palette, colour), soft) >= TEXT_RATIO
    assert contrast(palette.text, soft) >= TEXT_RATIO


@pytest.mark.parametrize("palette", THEMES.values(), ids=list(THEMES))
def test_controls_are_seen_and_the_primary_button_is_readable(palette: Palette) -> None:
    assert contrast(palette.edge, palette.page) >= ICON_RATIO
    assert contrast(palette.edge, palette.surface) >= ICON_RATIO
    assert contrast(palette.on_action, palette.action) >= TEXT_RATIO


def test_stylesheet_names_no_colour_and_no_size() -> None:
    css = sheets()
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    rules = re.sub(r"@media \([^{]*\{", "", css)  # a media query cannot use a custom property
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", rules)
    assert not re.findall(r"\b\d*\.?\d+(?:px|rem|em|pt)\b", rules)


def test_stylesheet_uses_only_known_tokens() -> None:
    css = sheets()
    known = {*theme.MEASURES, *(name.replace("_", "-") for name in theme.colours(LIGHT))}
    assert set(re.findall(r"var\(--([\w-]+)\)", css)) <= known


def test_scripts_name_no_colour() -> None:
    for script in [*WEB.glob("components/*.js*"), *WEB.glob("views/*.js*")]:
        assert not re.findall(r"[\"'`]#[0-9a-fA-F]{3,8}[\"'`]|\brgba?\(", script.read_text()), script.name


def test_both_themes_define_the_same_tokens() -> None:
    sheet = theme.stylesheet()
    assert sheet.count("--page:") == 3  # light, the system's dark, chosen dark
    assert theme.colours(LIGHT).keys() == theme.colours(DARK).keys()
