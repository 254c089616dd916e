# A file system that is full, and then is not any more.
. "${0%/*}/lib.sh"

echo kept >kept
head -c 20000 /dev/zero >more
fails 'dd: big: No space left on device' \
    dd if=/dev/zero of=big bs=64k status=none
[ "$(stat -c %s big)" -gt 10000000 ] || fail "only $(stat -c %s big) bytes"

# What is left of the last block is taken too.
while echo x >>small; do :; done 2>/dev/null
while mkdir d$n 2>/dev/null; do n=$((n + 1)); done
fails 'cp: copy: No space left on device' cp more copy
fails 'mkdir: dir: No space left on device' mkdir dir
is 'what was there' kept "$(cat kept)"

ok rm -rf big small copy d*
sync
ok cp more copy
ok cmp more copy
ok mkdir dir

finish
