"""A list read in a process of its own, within bounds: what it came to, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Ten times what the worst of these lists takes here, and a hundredth of what a square costs.
SECONDS = 15
MEGABYTES = 600


@dataclass(frozen=True)
class Came:
    """What a list came to: its rows, or the sentence that refuses it. Neither: it broke a bound."""

    rows: int | None
    refusal: str | None
    peak_mb: float = 0
    seconds: float = 0


def read_apart(path: Path) -> Came:
    """Read and judge every row, as a campaign of the United States does."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.apart", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return Came(None, None)
    return Came(**json.loads(done.stdout))


# From here on: what happens in the process of its own.


def main(path: Path) -> None:
    import resource  # noqa: PLC0415 - as below
    import time  # noqa: PLC0415

    from sftp_sync.contacts import Classifier, choose_columns  # noqa: PLC0415 - there alone
    from sftp_sync.errors import FileRefused  # noqa: PLC0415
    from sftp_sync.model import ContactRules, FileRules  # noqa: PLC0415
    from sftp_sync.tables import open_table  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 1024**2, MEGABYTES * 1024**2))
    rules = ContactRules(region="US")
    rows, refusal = 0, None
    try:
        with open_table(path, path.name, FileRules()) as table:
            columns = choose_columns(table.understanding.header, rules)
            classifier = Classifier(columns, rules, allow_duplicates=False)
            for batch in table.batches:
                rows += len(classifier.classify(batch))
    except FileRefused as error:
        refusal = str(error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = {"rows": rows, "refusal": refusal, "peak_mb": peak, "seconds": time.process_time()}
    print(json.dumps(said))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
