# mount, umount and df.
. "${0%/*}/lib.sh"

mkdir m n 'm n'
ok mount -t tmpfs one m
listed() {
    mount | grep " on $home/$1 " | cut -d ' ' -f 2-
}
is 'it is listed' "on $home/m type tmpfs (rw)" "$(listed m)"
echo 1 >m/f
df m | grep -q "^[a-z]*  *[0-9]* *[0-9]* *[0-9]* *[0-9]*% $home/m\$" ||
    fail "df: $(df m)"
df -h >/dev/null || fail 'df -h'
df -iT . >/dev/null || fail 'df -iT'
is '80 columns' 0 "$(df -T / /dev /proc | grep -c '^.\{81\}')"
ok mount -o remount,ro m
fails 'sh: m/g: Read-only file system' sh -c 'echo 2 >m/g'
fails 'rm: m/f: Read-only file system' rm m/f
fails 'cp: m/g: Read-only file system' cp m/f m/g
is 'it says so' "on $home/m type tmpfs (ro)" "$(listed m)"
ok mount -o remount,rw m
echo 2 >m/g
cd m
fails "umount: $home/m: Device or resource busy" umount ../m
cd ..
fails 'rmdir: m: Device or resource busy' rmdir m
ok umount m
is 'it is gone' '' "$(ls m)"
fails "umount: $home/m: Invalid argument" umount m
fails 'umount: nix: No such file or directory' umount nix
fails 'mount: one on nix: No such file or directory' mount -t tmpfs one nix
fails 'mount: one on n: No such device' mount -t nix one n
fails "mount: n: is not mounted" mount -o remount,ro n

# A name that the list of mounts has to write in another way.
ok mount -t tmpfs 'a b' 'm n'
is 'blanks' "on $home/m n type tmpfs (rw)" "$(listed 'm n')"
ok umount 'm n'

# One on top of another goes first.
ok mount -t tmpfs one m
mkdir m/in
ok mount -t tmpfs two m/in
fails "umount: $home/m: Device or resource busy" umount m
ok umount m/in
ok umount m

finish
