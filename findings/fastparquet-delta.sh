#!/usr/bin/env bash
# fastparquet 2026.9.0 reads a whole-number column that pyarrow packed as
# differences (DELTA_BINARY_PACKED) wrongly, and without a word, once
# differences within a block need more than 28 bits; microseconds of two series
# in one file do. The same column written plainly is right, and pyarrow reads
# both. Fails if that changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pyarrow==26.0.1 pandas==3.1.1 numpy
venv/bin/python - <<'PY'
import fastparquet, numpy, pyarrow, pyarrow.parquet

print("fastparquet", fastparquet.__version__, "pyarrow", pyarrow.__version__)
random = numpy.random.default_rng(1)


def wrong(bits, encoding):
    """How many of 10,000 numbers come back as others."""
    numbers = numpy.cumsum(random.integers(0, 2**bits, 10_000))
    table = pyarrow.table({"n": pyarrow.array(numbers)})
    pyarrow.parquet.write_table(table, "n.parquet", use_dictionary=False, column_encoding={"n": encoding})
    assert pyarrow.parquet.read_table("n.parquet")["n"].to_numpy().tolist() == numbers.tolist()
    read = fastparquet.ParquetFile("n.parquet").to_pandas()["n"].to_numpy()
    return int((read != numbers).sum())


for encoding, bits, expected in [
    ("PLAIN", 36, False),
    ("DELTA_BINARY_PACKED", 20, False),
    ("DELTA_BINARY_PACKED", 28, False),
    ("DELTA_BINARY_PACKED", 30, True),
    ("DELTA_BINARY_PACKED", 36, True),
]:
    found = wrong(bits, encoding)
    print(f"{encoding}, differences of {bits} bits: {found} of 10,000 numbers are wrong")
    assert (found > 0) == expected, "CHANGED"
PY
