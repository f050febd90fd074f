"""Generators of typed tables, one file each, and how tables become what networks learn."""
