"""Uploaded bytes in, typed arrays out, with numpy and pandas alone."""
