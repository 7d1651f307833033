"""Verifies an export of the audit by what docs/audit.md says, and nothing else.

usage: verify_audit.py FILE [NUMBER:HASH]
"""

import hashlib
import json
import sys


def canonical(entry):
    rest = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def verify(path, head):
    number, last = 0, "0" * 64
    for line in open(path, encoding="utf-8"):
        entry = json.loads(line)
        if entry["number"] != number + 1:
            return f"entry {number + 1} is missing or elsewhere"
        if hashlib.sha256(canonical(entry)).hexdigest() != entry["hash"]:
            return f"entry {entry['number']} was altered"
        if entry["previous"] != last:
            return f"entry {entry['number']} does not follow from the one before"
        number, last = entry["number"], entry["hash"]
        if head and head[0] == number and head[1] != last:
            return f"entry {number} is another than the head that was kept"
    if head and head[0] > number:
        return f"it was cut off after entry {number}"
    print(f"{number}:{last}")
    return None


kept = None
if len(sys.argv) > 2:
    kept_number, kept_hash = sys.argv[2].split(":")
    kept = (int(kept_number), kept_hash)
sys.exit(verify(sys.argv[1], kept))
