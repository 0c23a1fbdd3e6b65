# What the hooks share: each of them reads this file, with its name in $hook, the common git directory in $common and
# git's arguments in "$@". It only calls home, where the rules are known; see docs/hooks.md.
#
# Rule 1: the program says 0 or 77 (stop). Whatever else it ends with means that it could not be asked.
# Rule 2: one commit calls home once if it can. pre-commit leaves a note with the trailers for this very process of git;
#         while nothing has changed since, the later hooks only do what it says. In any doubt they call home.

nl='
'
gitdir=$(git rev-parse --git-dir)
note=$common/coordinaut/notes/${gitdir##*/}-$PPID # one worktree, one process

ask() {
    if [ "$hook" = pre-push ]; then said | "$@"; else "$@"; fi
    case $? in 0) exit 0 ;; 77) exit 1 ;; esac
}

# Whether something is pushed to the line: it is for good, so it does not go in unseen.
is_ours() {
    [ "$hook" = update ] || return 1
    case $1 in refs/coordinaut*) ;; *) [ "$1" = "$(git config --get coordinaut.ref)" ] ;; esac
}

call_home() {
    export COORDINAUT_HOOK_NOTE="$note"
    python='' package=''
    [ ! -f "$common/coordinaut/hooks/python" ] ||
        { IFS= read -r python && IFS= read -r package; } <"$common/coordinaut/hooks/python"
    if [ -x "$python" ] && [ -d "$package" ]; then ask "$python" -P -m coordinaut_git git-hook "$hook" "$@"; fi
    if command -v coordinaut >/dev/null; then ask coordinaut git-hook "$hook" "$@"; fi
    case $hook in pre-commit | pre-push | update) ;; *) exit 0 ;; esac
    echo "warning: the hooks of coordinaut are installed here, but the program that they call was not found." >&2
    echo "hint: install coordinaut-git and run: coordinaut install-hooks" >&2
    if [ "$(git config --get coordinaut.hooks)" = block ] || is_ours "$@"; then exit 1; fi
    echo "coordinaut: nothing was checked." >&2
    exit 0
}

# Whether there is a note and the state is still the one that it was written at; sets $trailers and $quiet.
noted() {
    trailers='' now=-
    [ -f "$note" ] || return 1
    {
        read -r ref was quiet || return 1
        while IFS= read -r line; do trailers=$trailers$line$nl; done
    } <"$note"
    [ ! -f "$common/$ref" ] || read -r now <"$common/$ref"
    [ "$now" = "$was" ]
}

# Whether the note was written for what is being committed.
fits() { [ "$note" -nt "${GIT_INDEX_FILE-}" ] && noted; }

trailer() { case ${1%%:*} in "$1" | *[!A-Za-z0-9-]*) false ;; esac; }

# Read a message: $left are the trailers of the note that it lacks; $odd is set if somebody must look closer.
scan() {
    left=$nl$trailers odd='' text='' seen='' last=''
    while IFS= read -r line || { [ -n "$line" ] && odd=1; }; do # a last line that does not end is odd
        case $line in
        '') [ -z "$seen" ] || seen=over ;;
        [Aa][Gg][Ee][Nn][Tt]:* | [Aa][Gg][Ee][Nn][Tt][-\ ]*:*)
            case $seen$last in # the first of ours stands below a blank line or another trailer
            '' | on*) [ -n "$text" ] || odd=1 ;;
            *) if [ -n "$seen" ] || ! trailer "$last"; then odd=1; fi ;;
            esac
            seen=on
            case $left in
            *"$nl$line$nl"*) left=${left%%"$nl$line$nl"*}$nl${left#*"$nl$line$nl"} ;;
            *) odd=1 ;;
            esac
            ;;
        *)
            text=1
            if [ -n "$seen" ]; then
                if [ "$seen" = over ] || ! trailer "$line"; then odd=1; fi
            fi
            ;;
        esac
        last=$line
    done <"$1"
    left=${left#"$nl"}
}

add_trailers() {
    message=$1
    set -f
    IFS=$nl
    set --
    for line in $trailers; do set -- "$@" --trailer "$line"; done
    git -c trailer.separators=: interpret-trailers --in-place --no-divider --where end --if-exists add \
        --if-missing add "$@" "$message"
}

case $hook in
prepare-commit-msg)
    if [ -d "$gitdir/rebase-merge" ] || [ -d "$gitdir/rebase-apply" ]; then exit 0; fi # commits keep what they say
    if [ "${GIT_EDITOR-}" = : ] && fits; then
        scan "$1"
        if [ -z "$odd$left" ]; then exit 0; fi
        if [ -z "$seen$odd" ] && [ -n "$text" ]; then add_trailers "$1" && exit 0; fi
    fi
    ;;
commit-msg)
    if fits && { [ -z "$trailers" ] || [ "${GIT_EDITOR-}" = : ]; }; then
        scan "$1"
        if [ -z "$odd$left" ]; then exit 0; fi
    fi
    ;;
post-commit)
    if [ -d "$gitdir/rebase-merge" ] || [ -d "$gitdir/rebase-apply" ]; then exit 0; fi
    if noted && [ "$quiet" = quiet ]; then exit 0; fi
    ;;
esac
call_home "$@"
