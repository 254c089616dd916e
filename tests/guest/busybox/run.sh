# Runs the commands of a transcript and prints it anew, with what they say now:
#   busybox sh run.sh TRANSCRIPT
# A command is a line that begins with "$ ", and goes on in lines that begin
# with "> ". A status other than 0 is shown in brackets.

flush() {
    [ -n "$command" ] || return
    printf '%s\n' "$shown"
    eval "$command" 3<&-
    status=$?
    [ $status -eq 0 ] || echo "[$status]"
    command= shown=
}

LF='
'
command= shown=
exec 3<"$1"
while IFS= read -r line <&3; do
    case $line in
    '$ '*)
        flush
        command=${line#??}
        shown=$line
        ;;
    '> '*)
        command=$command$LF${line#??}
        shown=$shown$LF$line
        ;;
    '# '*)
        flush
        echo "$line"
        ;;
    esac
done
flush
