#!/usr/bin/env bash
# The one step of action.yml: gets the program, runs it, and hands its numbers to the job. Inputs come as INPUT_… variables;
# every one becomes a single argument, whatever it holds, and none is ever read as code. Runs on bash 3.2, which macOS has.
set -euo pipefail

# Ends with the status of wrong usage. What users typed is quoted, so that it cannot begin a line that the runner obeys.
wrong_usage() {
    echo "lambda-triage action: $1" >&2
    write_outputs 2 "" ""
    exit 2
}

write_outputs() {
    printf 'status=%s\nfailed=%s\nlost=%s\n' "$1" "$2" "$3" >>"$GITHUB_OUTPUT"
}

# Prints the part of the release for this machine.
target() {
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) echo x86_64-unknown-linux-musl ;;
        Linux-aarch64 | Linux-arm64) echo aarch64-unknown-linux-musl ;;
        Darwin-x86_64) echo x86_64-apple-darwin ;;
        Darwin-arm64) echo aarch64-apple-darwin ;;
        *) return 1 ;;
    esac
}

checksum() {
    if type -P sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Downloads the release of this version into a directory, and compares it with the checksum that is published beside it.
download() {
    local version=${1#v} directory=$2 repository=${ACTION_REPOSITORY:-${GITHUB_REPOSITORY:-}} machine name page file published
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$ ]] ||
        wrong_usage "$(printf 'not a version: %q' "$1")"
    [[ $repository =~ ^[0-9A-Za-z._-]+/[0-9A-Za-z._-]+$ ]] || wrong_usage "no repository to download from; give binary"
    machine=$(target) || wrong_usage "no release for $(uname -s) on $(uname -m); give binary"
    name=lambda-triage-$version-$machine.tar.gz
    page=${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download/v$version
    # What the network does is no wrong usage: it ends the step with the status of what could not be read.
    for file in "$name" "$name.sha256"; do
        curl --fail --silent --show-error --location --retry 3 --output "$directory/$file" "$page/$file" || {
            echo "lambda-triage action: $page/$file: not downloaded" >&2
            return 3
        }
    done
    published=$(cut -d ' ' -f 1 "$directory/$name.sha256")
    if ! [[ $published =~ ^[0-9a-f]{64}$ ]] || [ "$(checksum "$directory/$name")" != "$published" ]; then
        echo "lambda-triage action: $page/$name: not the file whose checksum is published" >&2
        return 3
    fi
    tar -xzf "$directory/$name" -C "$directory" lambda-triage || return 3
}

# Appends a flag for every line of an input. The flag and its value are one word, so a value may begin with a dash.
each_line() {
    local flag=$1 line
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        if [ -n "$line" ]; then arguments+=("$flag$line"); fi
    done <<<"$2"
}

# Prints the total of a column of the CSV: the first row after the names, in which no text stands. The numbers are those of the
# JSON summary, and not every runner has a program that reads JSON.
total() {
    local names values place
    { IFS=, read -r -a names && IFS=, read -r -a values; } <"$2" || return 0
    for place in "${!names[@]}"; do
        if [ "${names[place]}" = "$1" ] && [[ ${values[place]:-} =~ ^[0-9]+$ ]]; then echo "${values[place]}"; fi
    done
}

work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/lambda-triage.XXXXXX")
trap 'rm -rf "$work"' EXIT

case "${INPUT_BINARY:+binary}${INPUT_VERSION:+version}" in
    binary)
        # A file, never a word of the shell.
        program=$(type -P -- "$INPUT_BINARY") || wrong_usage "$(printf 'no such program: %q' "$INPUT_BINARY")"
        ;;
    version)
        status=0
        download "$INPUT_VERSION" "$work" || status=$?
        if [ "$status" -ne 0 ]; then
            write_outputs "$status" "" ""
            exit "$status"
        fi
        program=$work/lambda-triage
        ;;
    *) wrong_usage "give either version or binary" ;;
esac

arguments=(analyze --format=auto "--report=csv=$work/totals.csv")
each_line --fail-on= "${INPUT_FAIL_ON:-}"
each_line --warn-on= "${INPUT_WARN_ON:-}"
each_line --report= "${INPUT_REPORT:-}"
if [ -n "${INPUT_BASELINE:-}" ]; then arguments+=("--baseline=$INPUT_BASELINE"); fi
case "${INPUT_STRICT:-false}" in
    false) ;;
    true) arguments+=(--strict) ;;
    *) arguments+=("--strict=$INPUT_STRICT") ;;
esac
each_line "" "${INPUT_ARGS:-}"
arguments+=(--)
before=${#arguments[@]}
each_line "" "${INPUT_PATH:-}"
if [ "${#arguments[@]}" -eq "$before" ]; then wrong_usage "give a path"; fi

status=0
"$program" "${arguments[@]}" </dev/null || status=$?
failed="" lost=""
# Without an attempt there is no answer, so no step may take it for one without failures.
if [ -f "$work/totals.csv" ] && [ "$(total attempts "$work/totals.csv")" != 0 ]; then
    failed=$(total failed "$work/totals.csv")
    lost=$(total lost "$work/totals.csv")
fi
write_outputs "$status" "$failed" "$lost"
exit "$status"
