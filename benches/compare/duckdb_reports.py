"""How many REPORT lines each function of an S3 export has, their 95th percentile of duration and their highest memory, by
DuckDB. `duckdb_reports.py THREADS GLOB`: the second folder of a path names the function."""

import sys

import duckdb

QUERY = r"""
SELECT split_part(filename, '/', 2) AS function, count(*), quantile_cont(duration, 0.95), max(used)
FROM (
    SELECT filename,
        CAST(regexp_extract(line, '\tDuration: ([0-9.]+) ms', 1) AS DOUBLE) AS duration,
        CAST(regexp_extract(line, 'Max Memory Used: ([0-9]+)', 1) AS INT) AS used
    FROM read_csv($files, columns={'line': 'VARCHAR'}, delim=$delimiter, quote='', escape='', header=false,
        auto_detect=false, strict_mode=false, ignore_errors=true, filename=true)
    WHERE contains(line, 'REPORT RequestId: ')
)
GROUP BY 1
"""

threads, files = sys.argv[1:]
duckdb.execute(f"SET threads = {int(threads)}")
# No log has this byte: a line is one column.
for row in duckdb.execute(QUERY, {"files": files, "delimiter": "\x01"}).fetchall():
    print(*row)
