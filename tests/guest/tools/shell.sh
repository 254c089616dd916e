# What the shell writes: redirections, here-documents, umask.
. "${0%/*}/lib.sh"

echo one >a
echo two >>a
is 'append' 'one two' "$(echo $(cat a))"
echo three >a
is 'overwrite' three "$(cat a)"
>>a echo four
is 'before the command' 'three four' "$(echo $(cat a))"
: >a
is 'empty' 0 "$(stat -c %s a)"
{ echo out; echo err >&2; } >o 2>e
is 'two files' 'out err' "$(cat o) $(cat e)"
ls nix >both 2>&1
is 'both in one' 'ls: nix: No such file or directory' "$(cat both)"
for i in 1 2 3; do echo $i; done >loop
is 'of a loop' '1 2 3' "$(echo $(cat loop))"
(echo sub) >sub
is 'of a subshell' sub "$(cat sub)"
exec 5>kept
echo first >&5
echo second >&5
exec 5>&-
is 'a lasting one' 'first second' "$(echo $(cat kept))"
echo 123456 >rw
exec 6<>rw
echo ab >&6
exec 6>&-
is 'both ways' 'ab 456' "$(echo $(cat rw))"
name='a b;*'
echo x >"$name"
is 'a name with blanks' x "$(cat 'a b;*')"

# What cannot be opened.
fails 'sh: nix/x: No such file or directory' sh -c 'echo 1 >nix/x'
fails 'sh: .: Is a directory' sh -c 'echo 1 >.'
fails 'sh: nix: No such file or directory' sh -c 'cat <nix'
expect 0 'sh: nix/x: No such file or directory
on' sh -c 'echo 1 >nix/x; echo on'

# noclobber.
echo old >a
fails 'sh: a: File exists' sh -Cc 'echo new >a'
is 'kept' old "$(cat a)"
ok sh -Cc 'echo new >|a'
is 'unless asked' new "$(cat a)"
ok sh -Cc 'echo new >b; echo 1 >/dev/null; echo more >>a'
expect 0 C sh -c 'set -o noclobber; echo $-; set +C; echo $-'

# Here-documents.
x=value
is 'expanded' 'value 3 $x' "$(cat <<END
$x $((1 + 2)) \$x
END
)"
is 'literal' '$x' "$(cat <<'END'
$x
END
)"
long=$(head -c 20000 /dev/zero | tr '\0' x)
is 'longer than a pipe' 20001 "$(wc -c <<END
$long
END
)"
is 'not read to its end' xxx "$(head -c 3 <<END
$long
END
)"

# umask.
expect 0 '0022
u=rwx,g=rx,o=rx' sh -c 'umask; umask -S'
expect 0 0077 sh -c 'umask u=rwx,go=; umask'
expect 0 0057 sh -c 'umask 77; umask g+w; umask'
fails 'sh: umask: 9: not a mode' sh -c 'umask 9'

# trap.
expect 0 'caught
on' sh -c 'trap "echo caught" TERM; kill $$; echo on'
expect 3 'bye' sh -c 'trap "echo bye" EXIT; exit 3'
expect 0 'still here' sh -c "trap '' INT TERM; kill -INT \$\$; kill \$\$; echo still here"
expect 0 "trap -- 'a b' EXIT
trap -- '' HUP
trap -- 'c' USR1" sh -c "trap c USR1; trap '' HUP; trap 'a b' 0; trap; trap - 0"
is 'back to the default' 143 "$(sh -c 'trap : TERM; trap - TERM; kill $$; echo no' 2>/dev/null; echo $?)"
is 'not in children' 143 "$(sh -c 'trap "echo no" TERM; (while :; do sleep 1; done) & kill $!; wait $!; echo $?' 2>/dev/null)"
is '$? stays' 7 "$(sh -c 'trap : USR1; f() { kill -USR1 $$; return 7; }; f; echo $?')"
# A signal may come before wait does, if the machine is slow, but not always.
is 'a trap ends wait' '138 caught' "$(sh -c 'trap "t=caught" USR1; sleep 600 & s=$!; (while :; do sleep 1; kill -USR1 $$; done) & k=$!; wait $s; echo $? $t; kill $s $k')"
fails 'sh: trap: KILL: not a signal to be caught' sh -c 'trap : KILL'

# Files made by mktemp, as scripts use it.
work=$(mktemp -d ./work.XXXXXX)
trap_free=$work/file
echo data | tee "$trap_free" >/dev/null
is 'a temporary file' data "$(cat "$work"/*)"
ok rm -r "$work"

# Operators that are none, or lack what follows a colon.
fails 'sh: ${y:}: bad substitution' sh -c 'echo ${y:}'
fails 'sh: ${y:x}: bad substitution' sh -c 'echo ${y:x} z'
fails 'sh: ${y:%x}: bad substitution' sh -c 'y=1; echo ${y:%x}'
is 'a colon and an operator' 'a b c' "$(sh -c 'x=; echo ${x:-a} ${x:=b} ${x:+c}')"

finish
