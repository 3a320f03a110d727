#!/usr/bin/env bash
# Runs triage.py on a cluster of Spark on this machine, with worker processes of their own, over logs that corpus.py makes, and
# compares totals, functions, causes and the matrix with those of one run over all logs.
#
#   examples/spark/test.sh [PROGRAM]     BYTES=40000000 WORKERS="2" (a list; several are a measurement)
#
# Needs Java (installed with apt-get where it is missing) and PySpark (in a virtual environment below target/).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/examples/spark
program=$(realpath "${1:-$root/target/release/lambda-triage}")
bytes=${BYTES:-40000000}
work=$root/target/spark
venv=$work/venv
mkdir -p "$work"
if ! command -v java >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null ||
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
fi
if ! "$venv/bin/python" -c 'import pyspark' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'pyspark>=4,<5'
fi
export PYSPARK_PYTHON=$venv/bin/python SPARK_LOCAL_IP=127.0.0.1
SPARK_HOME=$("$venv/bin/python" -c 'import pyspark; print(pyspark.__path__[0])')
export SPARK_HOME

# The declared table and view, by Spark itself.
(cd "$root" && SPARK_LOCAL_DIRS=$work "$venv/bin/python" tests/recipes/ddl.py "$program" spark)

if [ "$(cat "$work/logs.bytes" 2>/dev/null)" != "$bytes" ]; then
    rm -rf "$work/logs" "$work/logs.bytes"
    python3 "$here/corpus.py" "$work/logs" "$bytes" 7
    echo "$bytes" > "$work/logs.bytes"
fi
for workers in ${WORKERS:-2}; do
    rm -rf "$work/out"
    mkdir "$work/out"
    (cd "$work" && "$SPARK_HOME/bin/spark-submit" --master "local-cluster[$workers,1,1024]" \
        --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 \
        --conf spark.scheduler.minRegisteredResourcesRatio=1.0 --conf spark.sql.shuffle.partitions=4 --conf spark.local.dir="$work" \
        "$here/triage.py" --logs "$work/logs" --out "$work/out" --program "$program" --tasks 8 --buckets 4 2> "$work/spark.log") ||
        { tail -50 "$work/spark.log"; exit 1; }
    "$venv/bin/python" - "$work/out/timings.json" "$workers" <<'PYTHON'
import json
import sys

timings = json.load(open(sys.argv[1], encoding="utf-8"))
assert timings["workers"] == int(sys.argv[2]), timings
print(timings)
PYTHON
    "$venv/bin/python" "$here/check.py" "$program" "$work/logs" "$work/out"
done
