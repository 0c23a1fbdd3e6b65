"""Completion: the command that prints the scripts, and the answers to what they ask.

Rule 1: an answer never writes and never asks; `main` sees to it that it does not fail aloud either.
Rule 2: what is offered is safe to put on a command line as it is: the shell quotes it, or it needs no quotes.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

from coordinaut_git.faces.cli.grow import COMPLETION, PROGRAM, SETTINGS, CommandLine, explained
from coordinaut_git.faces.cli.output import Output
from coordinaut_git.faces.cli.parameters import common, grown
from coordinaut_git.faces.cli.scripts import SCRIPTS
from coordinaut_git.protocol.requests import CompletionScript, Shell
from coordinaut_git.protocol.values import clip
from coordinaut_git.render.safe import printable

EXAMPLE = """\
eval "$(coordinaut completion bash)"        # in ~/.bashrc
eval "$(coordinaut completion zsh)"         # in ~/.zshrc, after compinit
coordinaut completion fish > ~/.config/fish/completions/coordinaut.fish"""

HELP_CHARS = 80
_NEEDS_NO_QUOTES = re.compile(r"[\w@%+=:,./-]+\Z", re.ASCII)


def command(out: Output) -> click.Command:
    """The command `completion`."""

    def run(shell: Shell, **_: object) -> None:
        out.text(result := script(shell), result["script"])

    text, first_sentence = explained(CompletionScript, COMPLETION, EXAMPLE)
    return click.Command(
        COMPLETION,
        callback=run,
        params=[*(grown(field) for field in fields(CompletionScript)), *common()],
        help=text,
        short_help=first_sentence,
        context_settings=SETTINGS,
    )


def script(shell: Shell) -> dict[str, Any]:
    """`{"shell", "script"}`."""
    return {"shell": shell, "script": SCRIPTS[shell]}


def answer_shell(environ: Mapping[str, str]) -> None:
    """Print what the words that a completion script tells of could become."""
    lines = "".join(f"{line}\n" for line in offers(environ))
    sys.stdout.buffer.write(lines.encode("utf-8"))


def offers(environ: Mapping[str, str]) -> Iterator[str]:
    """The lines of the answer, in the form of `scripts`."""
    shell = Shell(environ["_COORDINAUT_COMPLETE"])
    args, typed = _words(environ["COMP_WORDS"])
    option, equals, value = typed.partition("=") if typed.startswith("--") else (typed, "", "")
    if equals:
        args, typed = [*args, option], value
    told = option + equals if equals and shell != Shell.BASH else ""  # bash begins a word after the sign
    cut = _before(typed, environ.get("COMP_CWORD", "")) if shell == Shell.BASH else 0
    complete = ShellComplete(CommandLine(Output(json=False)), {}, PROGRAM, "")
    for item in complete.get_completions(args, typed):
        if _is_harmless(item, bare=shell == Shell.BASH and item.type == "plain"):
            help_text = clip(printable(item.help or ""), HELP_CHARS)
            yield "\t".join((item.type, told + item.value[cut:], help_text)).rstrip("\t")


def _words(line: str) -> tuple[list[str], str]:
    """The whole words after the program's name, and the one that is being typed."""
    *words, typed = split_arg_string(line + "x")  # the letter keeps an empty word, and an open quote, in its place
    return words[1:], typed[:-1]


def _before(typed: str, word: str) -> int:
    """How many characters of what is typed stand before what bash takes for the word."""
    return len(typed) - len(word) if typed.endswith(word) else 0


def _is_harmless(item: "CompletionItem[Any]", *, bare: bool) -> bool:
    """Whether a value can stand on a line of a shell; bash takes plain ones `bare`, as they are."""
    return printable(item.value) == item.value and (not bare or bool(_NEEDS_NO_QUOTES.match(item.value)))
