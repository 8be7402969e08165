import { endsByLastWord, type StartRefusal } from '../reading/child-end.ts';

const REFUSALS: readonly StartRefusal[] = [
  {
    line: /^--dangerously-skip-permissions cannot be used with root/m,
    advice:
      'Claude Code does not skip permissions for root. Run samocode as another user, or set PERMISSIONS=allow, or, ' +
      'when this machine is a sandbox that may be lost, set IS_SANDBOX=1 in the environment yourself.',
  },
  {
    line: /^error: unknown option/m,
    advice: 'This Claude Code does not know an option that samocode needs. Update it with: claude update.',
  },
  {
    line: /^error: option '[^']+' argument .* is invalid/m,
    advice: 'Claude Code refused the value of an option. Check MODEL and CLAUDE_MAX_TURNS, and its version.',
  },
  {
    line: /^--agent '.*' not found/m,
    advice:
      'Claude Code does not find the agent that samocode named. Check the settings in its own settings file.',
  },
  {
    line: /^Error: (?:Settings file not found|Invalid MCP configuration|Invalid settings)/m,
    advice: 'Claude Code cannot read its settings. Fix the settings file that the .stderr log names.',
  },
  {
    line: /requires --verbose$/m,
    advice: 'This Claude Code reads its options differently. Update it with: claude update.',
  },
];

export const classifyClaudeEnd = endsByLastWord({
  title: 'Claude Code',
  setting: 'CLAUDE_PATH',
  refusals: REFUSALS,
  codes: [1],
});
