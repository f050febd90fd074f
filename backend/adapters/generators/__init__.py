"""Cohort generators over `ml`."""
