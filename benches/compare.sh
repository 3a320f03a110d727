#!/usr/bin/env bash
# How long lambda-triage takes, in units of other programs: the release build against scanners, decompressors and
# databases that do less with the same logs.
#
#   benches/compare.sh                             all rows: 1 GiB, 9 pairs, one core and two
#   benches/compare.sh --rows 'gz-*' --cores 1     some of them
#   benches/compare.sh --size 16M --pairs 1        does it work at all
#
# A row runs ours and theirs in turn, on the same cores and the same input, which is in the page cache by then. A time is
# that of the whole process, from start to exit; nothing is subtracted, so DuckDB and orjson pay for starting Python, some
# 50 to 200 ms. The *ratio* is the median of the ratios of the pairs: machines drift, and two runs that follow each other
# drift together. Below 1 we are faster.
#
# No other program here finds invocations or says why they failed. The limits say what that may cost over finding some
# words (rg), counting reports (mawk, DuckDB, agrind), unpacking (igzip, zcat) or decoding (orjson). They are meant for
# 1 GiB on an idle machine; with less, the start of a process weighs more.
#
# Every answer of ours is held against what the generator of the logs drew: truth.json lists the functions with
# attempts, cold_starts, ok, incomplete and failures by category, named as in the JSON summary. A wrong answer fails the
# row. "peak MiB" is the largest resident set of ours in all runs; less than some 10 cannot be seen. What cannot be had is
# a row "not measured", with the reason.
#
# It builds the release binary without `pull`, writes the corpora (5 GiB for 1 GiB of logs) and installs the tools, all
# below target/. mawk, gzip and igzip are Debian packages: root gets them installed, others are asked to.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: benches/compare.sh [OPTION]...

  --pairs N        runs of ours and theirs in a row (9)
  --rows GLOB      rows whose name matches (*)
  --cores N        1, 2 or both (both)
  --size SIZE      bytes of each corpus, uncompressed, such as 64M (1G); filter-log-events has a quarter
  --corpora DIR    corpora to use instead: plain, gz, nd, fj and jf, each with truth.json, one.log, one.log.gz
  --binary PATH    a built lambda-triage to measure instead of this checkout
  --help

Status: 0 if all that was measured keeps its limit, 1 if not, 2 for wrong usage, 3 if nothing can be measured.
USAGE
}

# Wrong usage.
refuse() {
    echo "compare.sh: $1" >&2
    exit 2
}

# Nothing can be measured.
give_up() {
    echo "compare.sh: $1" >&2
    exit 3
}

pairs=9 rows='*' cores=both size=1G corpora='' binary=''
while [ $# -gt 0 ]; do
    case $1 in
    --help)
        usage
        exit
        ;;
    --pairs | --rows | --cores | --size | --corpora | --binary)
        [ $# -ge 2 ] || refuse "$1 needs a value; see --help"
        declare "${1#--}=$2"
        shift 2
        ;;
    *) refuse "unknown option '$1'; see --help" ;;
    esac
done
[[ $pairs =~ ^[1-9][0-9]*$ ]] || refuse "--pairs takes a number from 1, not '$pairs'"
case $cores in
1 | 2) runs_on=("$cores") ;;
both) runs_on=(1 2) ;;
*) refuse "--cores takes 1, 2 or both, not '$cores'" ;;
esac
bytes=$(numfmt --from=iec "$size" 2>/dev/null) || refuse "--size takes bytes or a number with K, M or G, not '$size'"
[ "$bytes" -gt 0 ] || refuse "--size takes at least one byte"
if [ -n "$corpora" ]; then
    [ -d "$corpora" ] || refuse "--corpora '$corpora' is no directory"
    corpora=$(realpath "$corpora")
fi
if [ -n "$binary" ]; then
    [ -x "$binary" ] || refuse "--binary '$binary' is no program"
    binary=$(realpath "$binary")
fi

cd "$(dirname "$0")/.."
command -v python3 >/dev/null || give_up "python3 runs the pairs and is not there; install it"
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release
tools=$PWD/target/compare-tools
needs=$(python3 benches/compare/pairs.py needs --rows "$rows") || exit 2
mapfile -t shapes < <(sed -n 's/^shape //p' <<<"$needs")
mapfile -t programs < <(sed -n 's/^tool //p' <<<"$needs")
mkdir -p "$tools"
unavailable=$tools/unavailable
: >"$unavailable"

# Notes that a tool or a corpus cannot be had.
miss() {
    printf '%s\t%s\n' "$1" "$2" >>"$unavailable"
}

# A program from crates.io: its name, its crate, the version.
crate() {
    local log=$tools/$1.log
    [[ $("$tools/bin/$1" --version 2>/dev/null) != *" $3"* ]] || return 0
    echo "installing $2 $3" >&2
    if cargo install --locked --force --root "$tools" --target-dir "$tools/build" --version "$3" "$2" >"$log" 2>&1; then
        rm -r "$tools/build"
    else
        miss "$1" "'cargo install $2 --version $3' failed, see $log"
    fi
}

# Python with the libraries that the yardsticks use.
python() {
    local log=$tools/python.log packages=(duckdb==2.0.0 orjson==3.13.0)
    "$tools/python/bin/python" -c 'from importlib.metadata import version as v
exit((v("duckdb"), v("orjson")) != ("2.0.0", "3.13.0"))' 2>/dev/null && return
    echo "installing ${packages[*]}" >&2
    { python3 -m venv --clear "$tools/python" && "$tools/python/bin/pip" install "${packages[@]}"; } >"$log" 2>&1 ||
        miss python "cannot install ${packages[*]} in a virtual environment, see $log"
}

# A program of a Debian package.
package() {
    ! command -v "$1" >/dev/null || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $2" >&2
        { apt-get update && apt-get install --yes "$2"; } >"$tools/$1.log" 2>&1 && return
    fi
    miss "$1" "there is no $1; install the package $2"
}

# A corpus in the shape $1, unless it is there.
corpus() {
    local want=$bytes
    [ "$1" != filter-log-events ] || want=$((bytes / 4))
    [ ! -e "$corpora/$1.written" ] || return 0
    echo "writing $1, $want bytes" >&2
    if "$built/examples/write_corpus" "$1" "$want" "$corpora"; then
        touch "$corpora/$1.written"
    else
        miss "$1" "the corpus could not be written, see above"
    fi
}

build() {
    cargo build --quiet --locked --release --no-default-features --features libdeflate "$@" ||
        give_up "'cargo build $*' failed, see above"
}

if [ -z "$binary" ]; then
    # Alone: beside the generator it would be built with the features that the generator's libraries ask for.
    build --bin lambda-triage
    binary=$built/lambda-triage
fi
if [ -z "$corpora" ]; then
    build --example write_corpus
    corpora=$PWD/target/compare-corpora/$size
    generator=$(cat benches/corpus/*.rs benches/compare/write_corpus.rs | sha256sum)
    if [ "$(cat "$corpora/generator" 2>/dev/null)" != "$generator" ]; then
        rm -rf "$corpora"
        mkdir -p "$corpora"
        echo "$generator" >"$corpora/generator"
    fi
    for shape in "${shapes[@]}"; do
        corpus "$shape"
    done
fi
for tool in "${programs[@]}"; do
    case $tool in
    rg) crate rg ripgrep 15.2.0 ;;
    agrind) crate agrind ag 0.19.5 ;;
    python) python ;;
    mawk) package mawk mawk ;;
    igzip) package igzip isal ;;
    zcat) package zcat gzip ;;
    esac
done

echo "$("$binary" --version), pairs: $pairs, corpora: $corpora" >&2
python3 benches/compare/pairs.py measure --rows "$rows" --pairs "$pairs" --cores "${runs_on[@]}" \
    --binary "$binary" --corpora "$corpora" --tools "$tools" --unavailable "$unavailable"
