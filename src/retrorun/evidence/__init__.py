"""What published studies found, as data: studies, findings, outcomes, claims, and their tables.

Nothing here computes a session. The energy model and the tests read these files; `retrorun
evidence` shows them. `library` reads, `pooling` joins the studies of one outcome.
"""
