"""Sections of a page, bound to one state or to their own stream. They lay out; what is true comes from the API."""
