"""Costs beside a baseline of the same run; a package, for Opacus installs a `benchmarks`, too."""
