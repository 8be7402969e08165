import type { ActionContext } from '../../actions/acting/context.ts';
import { definedOnly } from '../../base/defined-only.ts';
import { type CommandResult, runCommand } from '../../base/processes/run-command.ts';

const LIMIT_MS = 20_000;

/** Runs a program of the machine with the person's environment. Never throws for its failure. */
export async function askProgram(
  program: string,
  args: readonly string[],
  { env }: Pick<ActionContext, 'env'>,
): Promise<CommandResult> {
  return await runCommand(program, args, { env: definedOnly(env), timeoutMs: LIMIT_MS });
}

export async function succeeds(
  program: string,
  args: readonly string[],
  context: Pick<ActionContext, 'env'>,
): Promise<boolean> {
  return (await askProgram(program, args, context)).exitCode === 0;
}
