"""Years of runs, kept: originals untouched, channels as Parquet, what is known in a database."""
