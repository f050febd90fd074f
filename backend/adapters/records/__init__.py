"""Reading uploads, by the readers of `ml.records`; serves `ports.records`."""
