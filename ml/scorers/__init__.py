"""The neural scorers that `ml.evaluation` is handed."""
