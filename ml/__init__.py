"""Health records, generators, models and their evaluation; imports nothing of the service."""
