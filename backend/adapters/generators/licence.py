"""The terms under which a synthetic dataset is given; no data of anybody is in it."""

LICENCE = """\
VitalMint synthetic dataset licence, version 1.

The rows of this dataset are synthetic. They were made by a generator that learnt from records of
people who consented to training and to the sale of synthetic data, and were measured against the
release policy that the certificate names.

You may use, study, change and publish results from this dataset, for any lawful purpose, under
these conditions:

1. You do not try to find out who contributed, and you do not join it with other data to do so.
2. You do not present its rows as measurements of real people, and do not use it alone to decide on
   anybody's care.
3. Where you publish results, you name the dataset by the digest in its certificate.
4. You do not pass the dataset itself on.

It is given as it is, without any warranty. What was measured of it, and what was not, is in its
report.
"""
