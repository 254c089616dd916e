# find and du.
. "${0%/*}/lib.sh"

mkdir -p a/b/c a/empty d
printf 12345 >a/f1
printf 12345 >a/b/F2.TXT
: >a/b/c/zero
ln -s ../a d/link
ln -s nix d/dangling
ln a/f1 a/name
head -c 3000 /dev/zero >a/big
chmod 4755 a/big
chmod 600 a/b/F2.TXT
touch -d @1000000000 a/f1
mknod pipe p

# finds NAMES ARG...: find prints them, in order.
finds() {
    wanted=$1
    shift
    is "find $*" "$wanted" "$(echo $(find "$@"))"
}
finds 'a a/b a/b/F2.TXT a/b/c a/b/c/zero a/big a/empty a/f1 a/name' a
finds './a/f1 ./a/name' . -links 2 -type f
finds 'a/f1' a -name 'f*'
finds 'a/b/F2.TXT' a -iname '*.t?t'
finds './a/b/F2.TXT ./a/b/c ./a/b/c/zero ./a/big' -path './a/b*[!b]'
finds './d/dangling ./d/link' . -type l
finds './pipe' . -type p
finds 'a/big a/empty' a -type d -empty -o -perm 4755
finds 'a/b/c/zero' a -type f -size 0
finds 'a/big' a -type f -size +5c -size -3k -o -size 3000c
finds 'a/f1 a/name' a -mtime +100
finds 'a/b/F2.TXT a/b/c/zero a/big' a -type f ! -mtime +100
finds 'a/b/c/zero a/big' a -type f -newer a/f1 -perm -044
finds 'a/big' a -perm /6000
finds '. ./a ./d' . -maxdepth 1 -type d
finds './a/b/c/zero' . -mindepth 4
finds 'a/b/c/zero a/b/c a/b' a/b -depth ! -name 'F*'
finds 'd ./d' d . -name d
finds 'a a/big a/empty a/f1 a/name' a -name b -prune -o -print
finds 'a/big a/f1' a '(' -name 'b?g' -o -name f1 ')' -print
finds 'd/link/b/c' -L d -name c
finds 'd/link' d/link
finds 'd/link/b' -H d/link -maxdepth 1 -name b
finds 'a/f1 5' a/f1 -exec stat -c '%n %s' {} ';'
finds 'x a/f1 a/name' a -size 5c -mtime +9 -exec echo x {} +
finds 'yes' a -name f1 -exec false ';' -print -o -name zero -exec echo yes ';'
finds 'a/b' a -name b -print -quit
fails 'find: nix: No such file or directory' find nix
expect 2 'find: -nix: unknown word' find . -nix
expect 2 'find: a ) is missing' find . '(' -name x
expect 2 'find: -name: needs an argument' find . -name
ok find a -name '*.TXT' -delete
fails 'find: a/b: Directory not empty' find a -name b -delete
ok find a/b -delete
finds 'a a/big a/empty a/f1 a/name' a

# du.
names() {
    echo $(cut -f 2 | sort)
}
is 'du -b' '5 a/f1' "$(echo $(du -b a/f1))"
is 'a file with two names counts once' '3000 5 0' \
    "$(echo $(du -b a/big a/f1 a/name | cut -f 1))"
is 'du -s' a "$(du -s a | names)"
is 'du -d' 'a a/empty' "$(du -d 1 a | names)"
is 'du -a' 'a a/big a/empty a/f1' "$(du -a a | grep -v name | names)"
is 'du -c' 'a d total' "$(du -cs a d | names)"
fails 'du: nix: No such file or directory' du nix

finish
