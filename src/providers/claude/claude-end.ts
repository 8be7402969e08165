import type { ChildProblem, ExitReport, FinalReport } from '../contract/provider.ts';

interface Refusal {
  /** A line that claude prints on stderr when it refuses to start; it prints nothing else then. */
  line: RegExp;
  /** Our words for people: what to change. */
  advice: string;
}

const REFUSALS: readonly Refusal[] = [
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

/**
 * Why a claude process ended without a valid signal: its last word first, then the exit status. Its
 * stderr counts only when it refused to start, which it says nowhere else.
 */
export function classifyClaudeEnd(
  final: FinalReport | undefined,
  exit: ExitReport,
): ChildProblem | undefined {
  // Exit statuses say little beside a last word: 0 after SIGINT, 143 after a clean end that we cut short.
  const ofWord = final?.ok ? undefined : final?.problem;
  const problem = final ? ofWord : problemWithoutWord(exit);
  return exit.endedByUs && problem?.kind === 'crashed' ? undefined : problem;
}

// What a shell answers when it cannot start a program: not executable, not there.
const NOT_STARTED_CODES: readonly unknown[] = [126, 127];
const NOT_STARTED_ADVICE =
  'The Claude Code program could not be started. Check that it is installed and that CLAUDE_PATH names it.';

function problemWithoutWord(exit: ExitReport): ChildProblem {
  if (NOT_STARTED_CODES.includes(exit.exitCode)) return { kind: 'config', advice: NOT_STARTED_ADVICE };
  const refusal = exit.exitCode === 1 && REFUSALS.find(({ line }) => line.test(exit.stderrTail));
  return refusal ? { kind: 'config', advice: refusal.advice } : { kind: 'crashed' };
}
