import type { Preflight } from '../../agents/contract/provider.ts';
import type { CommandResult } from '../../kernel/processes/run-command.ts';

export type AskCli = (args: readonly string[]) => Promise<CommandResult>;

export interface LoginProblem {
  found: string;
  fix: string;
  /** Whether its agents would certainly fail. */
  isCertain: boolean;
}

/** Longer than any CLI takes to start on a busy machine. */
export const ASK_LIMIT_MS = 20_000;

/**
 * Asks a CLI about its login without contacting its service. Returns undefined if it is logged in, or cannot say.
 */
export async function loginProblem(
  { title, preflight: { login, loginFix: fix } }: { title: string; preflight: Preflight },
  ask: AskCli,
): Promise<LoginProblem | undefined> {
  if (login === undefined) return undefined;
  const { exitCode, timedOut } = await ask(login.args);
  if (timedOut || exitCode === null) {
    const found = `${title} did not say${timedOut ? ' in time' : ''} whether you are logged in.`;
    return {
      found,
      fix: `Try again when the machine is less busy. If you are not: ${fix}`,
      isCertain: false,
    };
  }
  if (exitCode === 0) return undefined;
  return { found: `${title} reports that you are not logged in.`, fix, isCertain: !login.isAdvisory };
}
