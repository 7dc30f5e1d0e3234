"""What the proofs measured, kept for docs/proofs.md: one JSON file a proof under .local/proofs."""

import json
from collections.abc import Mapping

from local.template import PROJECT

FOLDER = PROJECT / ".local/proofs"


def note(proof: str, figures: Mapping[str, object]) -> None:
    """Keep the figures of a proof, in place of those of its last time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{proof}.json").write_text(json.dumps(figures, indent=1) + "\n")
