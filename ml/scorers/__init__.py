"""The scorers that `ml.evaluation` is handed: networks for days, learners for tables."""
