"""What is timed, and what is counted: one file per benchmark, run by ``python -m benchmarks``."""
