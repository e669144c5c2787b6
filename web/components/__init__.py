"""Pieces of the screen without state: arguments in, a component out.

Those that live in the browser are React modules beside their Python declaration (`status.py` declares what `status.jsx`
exports).
"""
