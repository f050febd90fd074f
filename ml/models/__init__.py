"""Predictors, one file per family, all behind the interfaces of `forecaster` and `quarter`."""
