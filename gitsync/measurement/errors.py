"""Why a measurement could not be taken. The message never holds a credential."""

from gitsync.errors import Failed


class MeasurementFailed(Failed):
    """The provider could not be asked, or answered with no value."""
