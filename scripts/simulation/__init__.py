"""Simulated people and the vendor files that their devices would export."""
