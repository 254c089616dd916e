# rm, rmdir and mkdir.
. "${0%/*}/lib.sh"

# mkdir.
ok mkdir a
fails 'mkdir: a: File exists' mkdir a
fails 'mkdir: b/c: No such file or directory' mkdir b/c
ok mkdir -p b/c/d b/c/d
is 'permissions' '755 755' "$(echo $(stat -c %a b b/c))"
ok mkdir -m 1770 m
is '-m' 1770 "$(stat -c %a m)"
ok mkdir -m u=rwx,go= m2
is '-m with letters' 700 "$(stat -c %a m2)"
ok sh -c 'umask 377; mkdir -p u/v/w'
is 'a way that cannot be written' '700 700 400' \
    "$(echo $(stat -c %a u u/v u/v/w))"
expect 0 'made n
made n/o' mkdir -pv n/o
echo 1 >f
fails 'mkdir: f: File exists' mkdir -p f
fails 'mkdir: f/x: Not a directory' mkdir f/x

# rmdir.
fails 'rmdir: b: Directory not empty' rmdir b
ok rmdir -p b/c/d
ok rmdir m m2
fails 'rmdir: f: Not a directory' rmdir f
fails 'rmdir: b: No such file or directory' rmdir b

# rm.
ok rm f
fails 'rm: f: No such file or directory' rm f
ok rm -f f
fails 'rm: n: Is a directory' rm n
ok rm -d a
fails 'rm: n: Directory not empty' rm -d n
mkdir -p t/u
echo 1 >t/1
echo 1 >t/u/2
ln -s /etc t/u/etc
ln -s t to-t
expect 0 'removed t/1
removed t/u/2
removed t/u/etc
removed t/u
removed t' rm -rv t
[ -e /etc/passwd ] || fail 'a link was followed'
ok rm -r to-t n
echo 1 >f
echo n | rm -i f 2>/dev/null
expect 0 f ls f
mkdir t
echo 1 >t/1
echo 1 >t/2
printf 'y\ny\nn\n' | rm -ri t 2>/dev/null
is '-i' t/2 "$(find t -type f)"
fails 'rm: .: . and .. are not removed' rm -r .
fails 'rm: t/..: . and .. are not removed' rm -rf t/..
fails 'rm: /: is the root directory, which stays' rm -rf /
fails 'rm: nix: No such file or directory' rm f nix t/2
is 'the others are gone' '' "$(find . -type f)"

# Names that look like something else.
ok touch -- -rf ' ' '*' 'a b' "$(printf 'new\nline')" "$(printf 'e\033[0m')"
is 'six of them' 6 "$(find . -type f -print0 | tr -cd '\0' | wc -c)"
fails 'rm: no?such: No such file or directory' rm "$(printf 'no\nsuch')"
ok rm -- -rf ' ' '*' 'a b' "$(printf 'new\nline')" "$(printf 'e\033[0m')"
name=$(printf '%0255d' 0)
ok touch "$name"
ok mv "$name" n
fails "touch: 0$name: File name too long" touch "0$name"
ok rm n

# A tree that no path reaches to the end of.
depth=0
name=$(printf '%0200d' 0)
while [ $depth -lt 60 ]; do
    mkdir "$name" && cd "$name" || fail "depth $depth"
    depth=$((depth + 1))
done
echo bottom >file
cd "$home"
is 'found at the bottom' 1 "$(find . -type f | wc -l)"
ok cp -a "$name" copy
is 'copied to the bottom' bottom "$(find copy -name file -exec true \; | cat
    find copy -type f -size 7c | grep -c file >/dev/null && echo bottom)"
ok chmod -R go-rx copy
ok rm -r "$name" copy
is 'nothing is left' 't u' "$(echo $(ls))"

finish
