/**
 * Variables that agent CLIs set for the commands they run, each with its agent. Only what a person does not set for
 * themselves: names like CLAUDE_CODE_USE_BEDROCK or CODEX_HOME stand in shell profiles.
 */
export const AGENT_MARKERS: Readonly<Record<string, string>> = {
  CLAUDECODE: 'Claude Code',
  CLAUDE_CODE_ENTRYPOINT: 'Claude Code',
  CLAUDE_CODE_SESSION_ID: 'Claude Code',
  CODEX_SANDBOX: 'Codex',
  CODEX_SANDBOX_NETWORK_DISABLED: 'Codex',
  CODEX_THREAD_ID: 'Codex',
  CODEX_CI: 'Codex',
  GEMINI_CLI: 'Gemini CLI',
  QWEN_CODE: 'Qwen Code',
  CURSOR_AGENT: 'Cursor',
  OPENCODE: 'OpenCode',
  GOOSE_TERMINAL: 'Goose',
  CLINE_ACTIVE: 'Cline',
  AUGMENT_AGENT: 'Augment',
  // Several agents set it, beside their own or instead.
  AI_AGENT: 'an agent',
};
