"""What a git process sees around it: environment variables and settings.

Rule 1: git acts on the repository that is named, never on the one a running hook has put into the environment.
Rule 2: git asks nothing, writes no index on the way, and speaks plain English.
"""

import os
import re

LOCAL_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""What ties a process to one repository: `git rev-parse --local-env-vars`."""

MEANING_VARIABLES = frozenset(
    {
        "GIT_ATTR_SOURCE",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_QUARANTINE_PATH",
    }
)
"""What changes the meaning of paths, attributes or refs beyond git's own list: git(1), "Environment Variables"."""

NEUTRAL = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "push.gpgSign=false",
    "push.followTags=false",
    "fetch.prune=false",
    "submodule.recurse=false",
    "log.showSignature=false",
)
"""Settings for a command that only reads: what a repository's configuration could start or change, switched off."""


SETTINGS_GIVEN = re.compile(r"GIT_CONFIG_(PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)\Z")
"""Settings that stand in the environment: git-config(1), "ENVIRONMENT"."""


def clean_environment() -> dict[str, str]:
    """This process's environment for git: tied to no repository, asking nothing, writing no index, in plain English."""
    scrubbed = LOCAL_VARIABLES | MEANING_VARIABLES
    kept = {name: value for name, value in os.environ.items() if name not in scrubbed}
    kept.setdefault("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh")
    return kept | {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def network_environment() -> dict[str, str]:
    """`clean_environment` for talking to a remote as the user would, but for the questions, which nobody would answer.

    What answers in the user's place stays: credential helpers, `GIT_ASKPASS` and `core.askPass`, the ssh command and
    its agent, proxies, settings in the environment. `SSH_ASKPASS` is what a desktop opens a window with, which git
    would use for passwords of its own accord; it stays only where `SSH_ASKPASS_REQUIRE=force` says that it is meant,
    see ssh(1). With `never` ssh asks on the terminal alone, and git runs in a session that has none.
    """
    around = clean_environment() | {name: text for name, text in os.environ.items() if SETTINGS_GIVEN.match(name)}
    around.setdefault("GCM_INTERACTIVE", "never")  # the Git Credential Manager's own word
    if around.get("SSH_ASKPASS_REQUIRE") != "force":
        around.pop("SSH_ASKPASS", None)
        around["SSH_ASKPASS_REQUIRE"] = "never"
    return around
