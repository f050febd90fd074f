"""From synthetic data and its report to the package that a buyer gets, byte for byte."""
