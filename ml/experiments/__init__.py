"""One file per published table: `python -m ml.experiments.<name> --data DIR --json OUT`."""
