# chmod, chown, chgrp, touch, stat and umask.
. "${0%/*}/lib.sh"

mode() {
    stat -c %a "$@"
}

echo 1 >f
mkdir -p d/e
echo 1 >d/g
ln -s f l

# changes FROM CHANGE TO: chmod CHANGE makes FROM to TO.
changes() {
    chmod "$1" f
    ok chmod "$2" f
    is "chmod $2 on $1" "$3" "$(mode f)"
}
changes 644 755 755
changes 644 u+x 744
changes 644 +x 755
changes 644 a-r 200
changes 666 -w 466
changes 640 go=u 666
changes 640 g=,o=r 604
changes 644 u+s,g+s 6644
changes 755 +t 1755
changes 7777 = 0
changes 600 a+X 600
changes 700 a+X 711
changes 644 u=rwx,go-r 700
is 'of a directory' 755 "$(chmod a+X d && mode d)"
ok chmod -R go= d
is '-R' '700 700 600' "$(echo $(mode d d/e d/g))"
ok chmod 600 l
is 'a link is followed' 600 "$(mode f)"
expect 2 'chmod: 888: not a mode' chmod 888 f
expect 2 'chmod: u+q: not a mode' chmod u+q f
fails 'chmod: nix: No such file or directory' chmod 600 nix

# Owners.
ok chown student f
is 'the owner' 'student root' "$(stat -c '%U %G' f)"
ok chown daemon:tty f
is 'and the group' 'daemon tty' "$(stat -c '%U %G' f)"
ok chown student: f
is 'the own group' 'student student' "$(stat -c '%U %G' f)"
ok chgrp 77 f
is 'by number' '1000 77' "$(stat -c '%u %G' f)"
ok chown -R student:tty d
is '-R' 'student student student' "$(echo $(stat -c %U d d/e d/g))"
ok chown -h daemon l
is 'a link' 'daemon student' "$(echo $(stat -c %U l f))"
fails 'chown: nobody2: no such user' chown nobody2 f
fails 'chgrp: nogroup2: no such group' chgrp nogroup2 f
fails 'chown: nix: No such file or directory' chown student nix
chmod 6755 f
ok chown daemon f
is 'rights of the old owner' 755 "$(mode f)"

# Times.
ok touch -d @1000000000 f
is '-d' '1000000000 1000000000' "$(stat -c '%X %Y' f)"
ok touch -a -d '2020-02-29 12:30:15' f
is '-a' '1582979415 1000000000' "$(stat -c '%X %Y' f)"
ok touch -m -t 199912312359.59 f
is '-m -t' '1582979415 946684799' "$(stat -c '%X %Y' f)"
ok touch -r f new
is '-r' '1582979415 946684799' "$(stat -c '%X %Y' new)"
ok touch -c nix
[ -e nix ] && fail 'touch -c made a file'
fails 'touch: nix/x: No such file or directory' touch nix/x
expect 2 'touch: 2021-02-29: not a date' touch -d 2021-02-29 f
ok touch f
[ f -nt new ] 2>/dev/null || [ "$(stat -c %Y f)" -gt 1700000000 ] ||
    fail 'touch does not set the time of now'

# stat.
printf 12345 >s
chmod 640 s
is 'stat -c' "s 5 640 -rw-r----- 1 root 0 regular file 's'" \
    "$(stat -c '%n %s %a %A %h %U %g %F %N' s)"
is 'with widths' '[s    ] [    5] [0640]' \
    "$(stat -c '[%-5n] [%5s] [%04a]' s)"
is 'of a link' "symbolic link 'l' -> 'f'" "$(stat -c '%F %N' l)"
is 'stat -L' 'regular file' "$(stat -L -c %F f)"
is 'of a device' 'character device 1 3' "$(stat -c '%F %t %T' /dev/null)"
fails 'stat: nix: No such file or directory' stat nix
stat -f . >/dev/null || fail 'stat -f'

# New files.
umask 027
: >u
mkdir v
is 'umask' '640 750' "$(echo $(mode u v))"
umask 0
: >w
is 'umask 0' 666 "$(mode w)"

finish
