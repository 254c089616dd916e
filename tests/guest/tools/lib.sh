# What the scripts beside this one have in common. Each is called with a
# directory to work in, and says at its end how many checks failed.

checks=0
failures=0

fail() {
    failures=$((failures + 1))
    echo "FAILED: $*"
}

# is WHAT WANTED GOT: the two texts are the same.
is() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}

# expect STATUS TEXT COMMAND [ARG...]: it prints TEXT, on either output, and
# ends with STATUS.
expect() {
    wanted_status=$1
    wanted=$2
    shift 2
    checks=$((checks + 1))
    got=$("$@" 2>&1)
    status=$?
    [ "$status" = "$wanted_status" ] ||
        fail "$*: status $status, not $wanted_status; it printed '$got'"
    [ "$got" = "$wanted" ] || fail "$*: wanted '$wanted', got '$got'"
}

# fails TEXT COMMAND [ARG...]: it ends with 1 and prints TEXT.
fails() {
    text=$1
    shift
    expect 1 "$text" "$@"
}

# ok COMMAND [ARG...]: it ends with 0 and prints nothing.
ok() {
    expect 0 '' "$@"
}

# tree [DIR]: what is below, a line each: path, kind and permissions, links,
# size of files, and targets of links.
tree() {
    find "${1:-.}" -type f -exec stat -c '%n %A %h %s' {} \; -o \
        -type l -exec stat -c '%N' {} \; -o -exec stat -c '%n %A' {} \;
}

finish() {
    cd /
    rm -r "$home" || fail "cannot clean up $home"
    echo "$checks checks, $failures failures"
    exit $((failures > 0))
}

umask 022
home=$1/$(basename "$0" .sh)
rm -rf "$home"
mkdir "$home" && cd "$home" || exit 2
