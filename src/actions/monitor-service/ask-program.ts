import { definedOnly } from '../../base/defined-only.ts';
import { type CommandResult, runCommand } from '../../base/run-command.ts';
import type { ActionContext } from '../context.ts';

const LIMIT_MS = 20_000;

/** Runs a program of the machine with the person's environment. Never throws for its failure. */
export async function askProgram(
  program: string,
  args: readonly string[],
  { env }: Pick<ActionContext, 'env'>,
  input?: string,
): Promise<CommandResult> {
  return await runCommand(program, args, {
    env: definedOnly(env),
    timeoutMs: LIMIT_MS,
    ...(input !== undefined && { input }),
  });
}

export async function succeeds(
  program: string,
  args: readonly string[],
  context: Pick<ActionContext, 'env'>,
): Promise<boolean> {
  return (await askProgram(program, args, context)).exitCode === 0;
}

/** What a service's bare environment lacks: children need git and their own programs. No secret goes into a file. */
export function programEnvironment({
  env,
  home,
}: Pick<ActionContext, 'env' | 'home'>): Record<string, string> {
  return { HOME: home, ...(env.PATH !== undefined && { PATH: env.PATH }) };
}
