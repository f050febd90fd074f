"""What costs, beside a baseline of the same run; a package, since Opacus installs a `benchmarks`."""
