"""What the journal of an import says: row, state and id of each row, as JSON."""

import json
import sqlite3
import sys

journal = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(json.dumps(journal.execute("SELECT row, state, id FROM rows ORDER BY row").fetchall()))
