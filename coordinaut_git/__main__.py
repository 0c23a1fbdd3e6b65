"""The program `coordinaut`: what can be answered without imports first, then the command line."""

import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from coordinaut_git import __version__

        sys.stdout.write(f"coordinaut {__version__}\n")
        return
    if sys.argv[1:2] == ["git-hook"]:  # no command for people: git's hooks call it, see faces/hooks
        from coordinaut_git.faces.hooks.main import main as run_hook

        run_hook(sys.argv[2:])
    if sys.argv[1:2] == ["agent-hook"]:  # nor is this one: agents' settings call it, see faces/agents
        from coordinaut_git.faces.agents.main import main as answer_agent

        answer_agent(sys.argv[2:])
    from coordinaut_git.faces.cli.main import main

    main(sys.argv[1:])


if __name__ == "__main__":
    run()
