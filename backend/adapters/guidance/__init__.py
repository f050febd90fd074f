"""Guidance from readings and journal, by `ml.guidance`; serves `ports.guidance`."""
