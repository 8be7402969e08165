import type { ActionContext } from '../../actions/acting/context.ts';
import { PROVIDER_ERRORS } from '../../providers/contract/provider-errors.ts';
import { locateCli } from '../../providers/starting/locate-cli.ts';
import { nodePath } from '../../providers/starting/node-path.ts';

/** The path of a client's program, found as the worker finds it; undefined when it is not there. */
export async function findProgram(
  { env, home }: ActionContext,
  command: string,
): Promise<string | undefined> {
  const setting = `${command.toUpperCase()}_PATH`;
  const configured = env[setting];
  const question = { command, setting, env, homeDir: home, nodePath: await nodePath(env) };
  try {
    return (await locateCli({ ...question, ...(configured !== undefined && { configured }) })).path;
  } catch (error) {
    if (PROVIDER_ERRORS.cli_not_found.is(error) || PROVIDER_ERRORS.cli_not_executable.is(error))
      return undefined;
    throw error;
  }
}
