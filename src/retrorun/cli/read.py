"""`retrorun read`: what is in a file."""

from __future__ import annotations

from retrorun.cli.inputs import Files, LimitMb, Progress
from retrorun.cli.output import new_console


def read(files: Files, limit_mb: LimitMb = None) -> None:
    """Show what is in a file: channels, rates, gaps, problems.

    Example: [bold]retrorun read sensor-log.zip[/bold]
    """
    from retrorun.report.terminal import show_recording

    console = new_console()
    recordings = Progress(files, limit_mb=limit_mb)
    for recording in recordings:
        show_recording(recording, console=console)
    recordings.end()
