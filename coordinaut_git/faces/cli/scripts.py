"""The scripts that tell a shell how to ask us for completions.

Rule 1: a script asks the program that is being completed, so it never has to be made anew for another version.
Rule 2: our answer is a line for each offer, `kind TAB value TAB help`; no part holds a control character. `plain` is a
        word, `name` that of a file, `folder` one that goes on; `file` and `dir` leave it to the shell.
Rule 3: whatever goes wrong, nothing is printed: somebody is in the middle of a line.

COMP_WORDS is the line up to the cursor. COMP_CWORD is what bash takes for the word that is being completed: it ends a
word at `=` and `:` too (COMP_WORDBREAKS, bash(1)), and must be given the rest of it only.
"""

BASH = r"""# bash completion for coordinaut
_coordinaut_completion() {
    local kind value help
    COMPREPLY=()
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) COMPREPLY+=("$value") ;;
            name | folder)
                # where bash does not quote names, being older than 4.0, we do
                compopt -o filenames 2>/dev/null || printf -v value %q "$value"
                [[ $kind == name ]] || compopt -o nospace 2>/dev/null
                COMPREPLY+=("$value")
                ;;
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
        esac
    done < <(COMP_WORDS=${COMP_LINE:0:COMP_POINT} COMP_CWORD=$2 _COORDINAUT_COMPLETE=bash "$1" 2>/dev/null)
}
complete -o nosort -F _coordinaut_completion coordinaut 2>/dev/null ||
    complete -F _coordinaut_completion coordinaut # bash before 4.4 sorts
"""

ZSH = r"""#compdef coordinaut
_coordinaut_completion() {
    local kind value help line
    local -a plain described folders
    line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) if [[ -n $help ]]; then described+=("${value//:/\\:}:$help"); else plain+=("$value"); fi ;;
            name) plain+=("$value") ;;
            folder) folders+=("$value") ;;
            file) compset -P 1 '--*='; _files ;;
            dir) compset -P 1 '--*='; _files -/ ;;
        esac
    done < <(COMP_WORDS=$line _COORDINAUT_COMPLETE=zsh "${(Q)words[1]}" 2>/dev/null)
    (( $#described )) && _describe -V values described -U
    (( $#plain )) && compadd -U -V words -a plain
    (( $#folders )) && compadd -U -V folders -S '' -a folders
    return 0
}

if [[ $funcstack[1] == _coordinaut ]]; then
    _coordinaut_completion "$@" # found as _coordinaut on the fpath
else
    compdef _coordinaut_completion coordinaut
fi
"""

FISH = r"""# fish completion for coordinaut
function _coordinaut_completion
    set -l line (commandline -cp | string collect)
    set -l program (commandline -po)[1]
    for offer in (COMP_WORDS=$line _COORDINAUT_COMPLETE=fish $program 2>/dev/null)
        set -l part (string split --max 2 \t -- $offer)
        switch $part[1]
            case plain name folder
                string join \t -- $part[2..]
            case file
                __fish_complete_path $part[2]
            case dir
                __fish_complete_directories $part[2]
        end
    end
end
complete --no-files --keep-order --command coordinaut --arguments '(_coordinaut_completion)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
