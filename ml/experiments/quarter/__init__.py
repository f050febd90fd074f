"""Parts of `ml.experiments.cgm_quarter`."""
