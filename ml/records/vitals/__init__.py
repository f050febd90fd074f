"""Vital signs: a person's row or series of measurements becomes one typed trace."""
