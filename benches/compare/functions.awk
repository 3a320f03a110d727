# What a patient person gets out of an export with awk: per function its REPORT lines, timeouts, cold starts and memory.
FNR == 1 { split(FILENAME, path, "/"); name = path[2] }
/REPORT RequestId: / {
    reports[name]++
    if (match($0, /Max Memory Used: [0-9]+/)) {
        used = substr($0, RSTART + 17, RLENGTH - 17) + 0
        if (used > most[name]) most[name] = used
    }
    if (index($0, "Init Duration: ")) cold[name]++
    if (index($0, "Status: timeout")) status[name]++
}
/Task timed out after [0-9.]+ seconds/ { line[name]++ }
END { for (name in reports) print name, reports[name], status[name] + 0, line[name] + 0, cold[name] + 0, most[name] }
