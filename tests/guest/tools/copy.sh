# cp, mv and ln.
. "${0%/*}/lib.sh"

echo hello >f
echo longer text >g
mkdir -p d/e/ee x
echo 1 >d/1
echo 22 >d/e/2
ln -s 1 d/link
ln -s nowhere d/dangling
ln d/1 d/name
chmod 640 d/1
touch -d @1000000000 d/e/2 d/1 d/e

# One file.
ok cp f h
expect 0 hello cat h
ok cp g h
is 'what was longer is gone' 'longer text' "$(cat h)"
ok cp f x
expect 0 hello cat x/f
ok cp f g d/1 x
expect 0 '1
f
g' ls x
fails 'cp: nix: No such file or directory' cp nix h
fails 'cp: f: is the same file as the one to copy' cp f f
fails 'cp: nix: not a directory' cp f g nix
fails 'cp: nix/f: No such file or directory' cp f nix/f
fails 'cp: f/x: Not a directory' cp g f/x
fails 'cp: x: Is a directory' cp -T f x
fails 'cp: d: is a directory, which only -r copies' cp d x
ok cp -n f h
is '-n' 'longer text' "$(cat h)"
echo n | cp -i f h 2>/dev/null
is '-i with no' 'longer text' "$(cat h)"
echo y | cp -i f h 2>/dev/null
is '-i with yes' hello "$(cat h)"
expect 0 'f -> x/f' cp -v f x
ok cp /proc/self/status proc
[ -s proc ] || fail 'a file that says it is empty was not read'

# Attributes and links.
chmod 4750 h
ok cp h plain
is 'permissions of a copy' 750 "$(stat -c %a plain)"
ok cp -p h kept
is 'permissions kept' 4750 "$(stat -c %a kept)"
ok cp -p d/1 kept
is 'time kept' 1000000000 "$(stat -c %Y kept)"
ok cp d/link plain
is 'a link is followed' 1 "$(cat plain)"
ok cp -P d/link copied-link
is 'a link is copied' "'copied-link' -> '1'" "$(stat -c %N copied-link)"
fails 'cp: d/dangling: No such file or directory' cp d/dangling h
fails 'cp: d/dangling: File exists' cp f d/dangling

# Trees.
ok cp -r d new
is 'a tree' "new drwxr-xr-x
new/1 -rw-r----- 1 2
'new/dangling' -> 'nowhere'
new/e drwxr-xr-x
new/e/2 -rw-r--r-- 1 3
new/e/ee drwxr-xr-x
'new/link' -> '1'
new/name -rw-r----- 1 2" "$(tree new)"
ok cp -a d same
is 'a tree with names' "$(cd d && tree)" "$(cd same && tree)"
is 'times in a tree' '1000000000 1000000000' \
    "$(echo $(stat -c %Y same/e same/e/2))"
ok cp -r d new
is 'into what is there' 'new/d/e/2' "$(find new/d -name 2)"
ok cp -rT d new
fails 'cp: f: Not a directory' cp -rT d f
fails 'cp: d/sub/sub: would be a copy of the copy' cp -r d d/sub
rm -r d/sub
mkdir closed
echo 1 >closed/in
chmod 555 closed
ok cp -r closed closed2
is 'a directory not to be written' '555 1' \
    "$(stat -c %a closed2) $(cat closed2/in)"
mkdir round
ln -s . round/and
fails 'cp: round/and: Too many levels of symbolic links' cp -rL round again

# mv.
ok mv f f2
expect 0 hello cat f2
ok mv f2 g
is 'over another' hello "$(cat g)"
ok mv g x
is 'into a directory' hello "$(cat x/g)"
ok mv x/g .
fails 'mv: nix: No such file or directory' mv nix g
fails 'mv: d: cannot be moved into itself, to d/e/d' mv d d/e
fails 'mv: d: cannot be moved into itself, to d/d' mv d d
fails 'mv: g and g are the same file' mv g g
fails 'mv: g: is not a directory, as d is' mv d g
fails 'mv: x: Is a directory' mv -T g x
ok mv -T same x/same
mkdir x/d
echo 1 >x/d/1
fails 'mv: x/d: Directory not empty' mv d x
ok mv -n g h
is '-n' hello "$(cat g)"
expect 0 'g -> i' mv -v g i

# To another file system: what is there afterwards is the same.
mkdir other
mount -t tmpfs other other || fail 'no second file system'
before=$(tree d)
touch -d @1000000000 i
ok mv d i other
is 'nothing is left' '' "$(ls -d d i 2>/dev/null)"
is 'all of it came' "$before" "$(cd other && tree d)"
is 'its time too' 1000000000 "$(stat -c %Y other/i)"
ok mv other/d other/i .
is 'and back' "$before" "$(tree d)"
mkdir -p other/d/1
fails 'mv: other/d: Directory not empty' mv d other
ok umount other

# ln.
ok ln i j
is 'two names' '2 2' "$(echo $(stat -c %h i j))"
fails 'ln: j: File exists' ln h j
ok ln -f h j
is '-f' 2 "$(stat -c %h h)"
fails 'ln: k to nix: No such file or directory' ln nix k
ok ln -s nix k
is 'a link to nothing' nix "$(readlink k)"
ok ln -sf d k
ok ln -s ../i k
is 'in a directory that a link leads to' "'d/i' -> '../i'" "$(stat -c %N d/i)"
ok ln -sfn x k
is '-n' x "$(readlink k)"
fails 'ln: i and i are the same file' ln -f i i
fails 'ln: j to nix: No such file or directory' ln -f nix j
is 'nothing was lost' 2 "$(stat -c %h j)"
ln -s h to-h
fails 'mv: to-h and h are the same file' mv to-h h
expect 0 'l -> i' ln -sv i l

finish
