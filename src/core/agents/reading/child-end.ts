import type { ChildProblem } from '../contract/events.ts';
import type { ExitReport, Provider } from '../contract/provider.ts';

export interface StartRefusal {
  /** Matches the line that the CLI prints on stderr when it refuses to start; it reports this nowhere else. */
  line: RegExp;
  advice: string;
}

interface Refusals {
  title: string;
  setting: string;
  refusals?: readonly StartRefusal[];
  codes?: readonly number[];
}

// Exit statuses of a shell that cannot start a program: not executable, not found.
const NOT_STARTED_CODES: readonly unknown[] = [126, 127];

/**
 * Finds the reason why a process ended without a valid signal, for a CLI with a final message. That message
 * decides, because exit statuses reveal little (0 after SIGINT, 143 after a clean end that we cut short); without
 * one, exit status and stderr do.
 */
export function classifyByFinalMessage(cli: Refusals): Provider['classifyEnd'] {
  return (final, exit) => {
    if (final === undefined) return problemWithoutMessage(cli, exit);
    return final.ok ? undefined : final.problem;
  };
}

function problemWithoutMessage(
  { title, setting, refusals = [], codes = [] }: Refusals,
  { exitCode, stderrTail }: ExitReport,
): ChildProblem {
  if (NOT_STARTED_CODES.includes(exitCode)) {
    const advice = `The ${title} program could not be started. Check that it is installed and that ${setting} names it.`;
    return { kind: 'config', advice };
  }
  const isRefusal = exitCode !== null && codes.includes(exitCode);
  const refusal = isRefusal ? refusals.find(({ line }) => line.test(stderrTail)) : undefined;
  return refusal ? { kind: 'config', advice: refusal.advice } : { kind: 'crashed' };
}
