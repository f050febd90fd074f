"""Generators of synthetic data, one file each, all behind `generator.Generator`."""
