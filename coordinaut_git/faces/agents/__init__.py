"""The hooks of agents: what the settings of Claude Code, Codex, Cursor and Gemini CLI call."""
