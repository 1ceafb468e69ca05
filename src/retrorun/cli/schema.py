"""`retrorun schema`: the JSON Schema of a session."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON Schema of what `analyze --json` prints.

    Example: [bold]retrorun schema > session.schema.json[/bold]
    """
    import json

    from retrorun.contract import json_schema

    print(json.dumps(json_schema(), indent=2))
