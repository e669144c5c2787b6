"""What can be wrong with a template; both end as one condition of the ApplicationSet."""

from gitsync.appset.errors import TemplateInvalid


class TemplateSyntaxInvalid(TemplateInvalid):
    """The text is no template."""


class EvaluationFailed(TemplateInvalid):
    """The template cannot be evaluated with these values."""
