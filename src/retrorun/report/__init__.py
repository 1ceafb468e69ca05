"""A session for people: on the terminal, as one HTML file, as a table."""
