"""What `python -m ml.experiments.cgm_forecast` is made of."""
