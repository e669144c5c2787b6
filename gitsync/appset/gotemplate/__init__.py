"""Go's text/template in Python: the language that people write ApplicationSets in, without a Go program.

Values are JSON's, plus the few Go types that functions tell apart (`values`). Pure, and bounded in steps, depth and
output. Before it: the template's text and its functions (`gitsync.appset.sprig`); after it: text.
"""
