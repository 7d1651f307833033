#!/usr/bin/env bash
# LoRaWAN device ids (DevEUI, 8 bytes) kept as Parquet's FIXED_LEN_BYTE_ARRAY(8):
# fastparquet 2026.9.0 gives some of them back with 7 or 6 bytes.
#
# Expected: a column of values of exactly 8 bytes is read as values of 8 bytes.
# Seen: zero bytes at an id's end are cut off, with or without a dictionary, with
# no word: 70b3d57ed0000100 is 70b3d57ed00001. The same ids as BYTE_ARRAY are
# whole; DuckDB, polars and pandas with pyarrow read both.
# Versions: as pinned below.
# Why it matters: makers give DevEUIs out by counting up, so one device in 256 ends
# in 00. A join by id loses just these devices, and no test with a handful of ids
# will notice. Keep ids as text or as BYTE_ARRAY where fastparquet may read.
# Fails if that changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: \
    fastparquet==2026.9.0 pyarrow==26.0.1 pandas==3.1.1 duckdb==2.0.1 polars==2.1.0
venv/bin/python - <<'PY'
import importlib.metadata
import duckdb, fastparquet, pandas, polars, pyarrow, pyarrow.parquet

for name in ("fastparquet", "pyarrow", "pandas", "duckdb", "polars"):
    print(name, importlib.metadata.version(name))
ids = [bytes.fromhex(f"70b3d57ed0{number:06x}") for number in range(0x100, 0x100 + 4096)]
table = pyarrow.table({"fixed": pyarrow.array(ids, pyarrow.binary(8)), "free": pyarrow.array(ids, pyarrow.binary())})
for dictionary in (True, False):
    pyarrow.parquet.write_table(table, "ids.parquet", use_dictionary=dictionary)
    for column in ("fixed", "free"):
        others = {
            "pandas": pandas.read_parquet("ids.parquet", engine="pyarrow")[column].tolist(),
            "duckdb": [row[0] for row in duckdb.sql(f"SELECT {column} FROM 'ids.parquet'").fetchall()],
            "polars": polars.read_parquet("ids.parquet")[column].to_list(),
        }
        assert all(read == ids for read in others.values()), "CHANGED"
        read = fastparquet.ParquetFile("ids.parquet").to_pandas()[column].tolist()
        wrong = [(one.hex(), other.hex()) for one, other in zip(ids, read) if one != other]
        print(f"{column}, dictionary {dictionary}: {len(wrong)} of {len(ids)} ids differ {wrong[:1]}")
        assert len(wrong) == (sum(id.endswith(b"\0") for id in ids) if column == "fixed" else 0), "CHANGED"
        assert all(id.rstrip(b"\0") == one for id, one in zip(ids, read)) or column == "free", "CHANGED"
print("as described")
PY
