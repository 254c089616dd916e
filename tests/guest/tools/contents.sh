# dd, truncate, tee, sync, mktemp, readlink and realpath.
. "${0%/*}/lib.sh"

# dd.
printf 'abcdefghij' >f
expect 0 '2+1 records in
2+1 records out' dd if=f of=g bs=4 status=noxfer
is 'all of it' abcdefghij "$(cat g)"
ok dd if=f of=g bs=2 skip=1 count=2 status=none
is 'skip and count' cdef "$(cat g)"
printf 12345678 >g
ok dd if=f of=g bs=1 seek=3 count=2 conv=notrunc status=none
is 'seek and notrunc' 123ab678 "$(cat g)"
ok dd if=f of=g bs=1 seek=3 count=2 status=none
is 'seek' 123ab "$(cat g)"
is 'a pipe' abcdefghij "$(cat f | dd ibs=3 obs=5 status=none)"
is 'conv=sync' 8 "$(printf abcde | dd bs=4 conv=sync status=none | wc -c)"
ok dd if=/dev/zero of=g bs=1k seek=100 count=1 conv=fsync status=none
is 'a hole' 103424 "$(stat -c %s g)"
ok dd if=f of=g bs=5 oflag=append conv=notrunc,fdatasync count=1 status=none
is 'append' abcde "$(tail -c 5 g)"
fails 'dd: nix: No such file or directory' dd if=nix of=g
fails 'dd: g: File exists' dd if=f of=g conv=excl
fails 'dd: new: No such file or directory' dd if=f of=new conv=nocreat
expect 2 'dd: bsx: unknown operand' dd bsx=1
dd if=f of=g bs=4 2>&1 | grep -q '^10 bytes (10) copied, .* s, .*/s$' ||
    fail 'dd does not tell its rate'

# truncate.
ok truncate -s 3 f
is 'cut' abc "$(cat f)"
ok truncate -s 5 f
is 'zeros' 'abc..' "$(tr '\0' . <f)"
ok truncate -s +1K f
ok truncate -s -5 f
is 'more and less' 1024 "$(stat -c %s f)"
ok truncate -s %1000 f
is 'up to a multiple' 2000 "$(stat -c %s f)"
ok truncate -c -s 1 nix
[ -e nix ] && fail 'truncate -c made a file'
expect 2 'truncate: x: not a size' truncate -s x f
fails 'truncate: .: Is a directory' truncate -s 1 .

# tee.
is 'tee' one "$(echo one | tee t1 t2)"
echo two | tee -a t1 >/dev/null
is 'tee -a' 'one two one' "$(echo $(cat t1 t2))"
echo x | tee nix/y t2 >/dev/null 2>&1
is 'an error' 1 $?
is 'and the others' x "$(cat t2)"

# Files that grow are seen to.
(sleep 1; echo more >>t2) &
tail -f t2 >seen &
watcher=$!
while ! grep -q more seen; do sleep 0.1; done
kill $watcher
is 'tail -f' 'x more' "$(echo $(cat seen))"

# sync.
ok sync
ok sync f .
ok sync -d f
ok sync -f f
fails 'sync: nix: No such file or directory' sync nix

# mktemp.
name=$(mktemp ./tXXXXXX)
is 'mktemp' '600 0' "$(stat -c '%a %s' "$name")"
name=$(mktemp -d -p . dXXXXXX)
is 'mktemp -d' '700 directory' "$(stat -c '%a %F' "$name")"
name=$(TMPDIR=$home mktemp)
[ -f "$name" ] || fail 'mktemp in $TMPDIR'
fails 'mktemp: tXX: Invalid argument' mktemp tXX
[ "$(mktemp -u XXXXXXXX)" = "$(mktemp -u XXXXXXXX)" ] && fail 'not random'

# Links.
mkdir -p d/e
ln -s f l
ln -s d/e le
ln -s loop loop
expect 0 'f
d/e' readlink l le
fails 'readlink: f: Invalid argument' readlink f
expect 0 "$home/f
$home/d/nix
$home/f" readlink -f l le/../nix ./d/../l
fails 'readlink: loop: Too many levels of symbolic links' readlink -f loop
fails 'readlink: nix/nix: No such file or directory' readlink -f nix/nix
expect 0 "$home/nix/nix" readlink -m nix/nix
expect 0 "$home
$home/d/e
/" realpath . le / 
fails 'realpath: f/..: Not a directory' realpath f/..
fails 'realpath: nix: No such file or directory' realpath -e nix

finish
