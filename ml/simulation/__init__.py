"""Simulated people, for tests, demonstrations and the calibration of what no data set can carry."""
