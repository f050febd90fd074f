"""The parts of `ml.experiments.cgm_synthesis`."""
