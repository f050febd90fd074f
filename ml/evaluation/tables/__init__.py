"""Fidelity, utility and privacy of synthetic tables, blocked and in bounded memory."""
