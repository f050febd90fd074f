"""The parts of `ml.experiments.rare_disease`."""
