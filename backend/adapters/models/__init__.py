"""Personal glucose models over `ml`: training in the worker, answering in the API process."""
