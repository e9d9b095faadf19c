"""Verifies a tlog-tiles log in a folder with aics-tlog, an implementation that is not ours.

audit.py DIR VKEY                whole log; prints one JSON object
audit.py DIR VKEY COUNT SEED     the same, then COUNT single-bit flips, one at a time
"""

import json
import random
import sys
import time
from pathlib import Path

from aics_tlog import parse_note, parse_vkey
from aics_tlog.checkpoint import checkpoint_from_note, verify_checkpoint
from aics_tlog.tiles import MemoryTileReader
from aics_tlog.verified import audit_tiles


def load(folder):
    found = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and (name == "checkpoint" or name.startswith("tile/")):
            found[name] = file.read_bytes()
    return found


def audit(log, key):
    text = log["checkpoint"]
    note = parse_note(text)
    result = verify_checkpoint(note, key, expected_origin=key.name)
    if not result.ok:
        raise ValueError(result.error)
    checkpoint, _ = checkpoint_from_note(text)
    tiles = {name: data for name, data in log.items() if name != "checkpoint"}
    report = audit_tiles(MemoryTileReader(tiles), checkpoint.size, checkpoint.root)
    if report.tiles + report.bundles != len(tiles):
        raise ValueError(f"{len(tiles)} files, but the tree has {report.tiles + report.bundles}")
    return report


def flips(log, key, count, seed):
    choose = random.Random(seed)
    names = sorted(log)
    text = log["checkpoint"]
    # Other signatures than the log's are for those who know the witnesses' keys.
    own = text.index(b"\n", text.index(b"\n\n") + 2) + 1
    unseen = []
    for _ in range(count):
        name = choose.choice(names)
        data = bytearray(log[name])
        at = choose.randrange(own if name == "checkpoint" else len(data))
        data[at] ^= 1 << choose.randrange(8)
        before, log[name] = log[name], bytes(data)
        try:
            audit(log, key)
            unseen.append(f"{name} byte {at}")
        except Exception:  # whatever it says, it saw something
            pass
        log[name] = before
    return unseen


def main():
    folder, key = Path(sys.argv[1]), parse_vkey(sys.argv[2].strip())
    log = load(folder)
    began = time.monotonic()
    report = audit(log, key)
    told = {
        "entries": report.size,
        "tiles": report.tiles,
        "bundles": report.bundles,
        "milliseconds": round((time.monotonic() - began) * 1000),
    }
    if len(sys.argv) == 5:
        told["flips"] = int(sys.argv[3])
        told["unseen"] = flips(log, key, int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(told))
    return 1 if told.get("unseen") else 0


sys.exit(main())
