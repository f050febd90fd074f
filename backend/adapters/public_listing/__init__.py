"""The public listing of datasets, read to know which certificates there are; nothing of it is
believed."""
