"""Migrations in order; the number says which comes after which."""
