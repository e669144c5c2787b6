"""Why an ApplicationSet generates less than it says.

Failed
├── TemplateInvalid     a template cannot be read or evaluated
├── GeneratorInvalid    a generator says something that cannot be done
└── ProviderFailed      a Git host could not be asked, or must not be
"""

from gitsync.errors import Failed


class TemplateInvalid(Failed):
    """A template cannot be read or evaluated."""


class GeneratorInvalid(Failed):
    """A generator says something that cannot be done."""


class ProviderFailed(Failed):
    """A Git host could not be asked, or must not be. The message never holds a token."""
