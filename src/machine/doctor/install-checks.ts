import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, ok, warn } from '../../actions/preconditions/check.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';

/** Whether chat programs know us: what an installation would still change. */
export async function installChecks(context: ActionContext): Promise<DoctorCheck[]> {
  // Loaded here: starting a session needs this room's other files, and none of the packages.
  const { install, uninstall } = await import('../install/install.ts');
  const input = { scope: 'user', dryRun: true, allow: false } as const;
  try {
    const wanted = await install(input, context);
    const there = await uninstall(input, context);
    return wanted.clients.map(({ client, title, outcome, problem }) => {
      const id = `install.${client}`;
      if (outcome === 'nothing_to_do') return ok(id, `${title} has samocode`);
      if (problem !== undefined) return warn(id, problem.message, problem.hint);
      const isOld = there.clients.some((one) => one.client === client && one.outcome === 'would_change');
      return isOld
        ? warn(id, `${title} has another version of samocode, or a part of it.`, 'Run: samocode install.')
        : ok(id, `${title} does not have samocode; "samocode install" adds it`);
    });
  } catch (error) {
    if (!INSTALL_ERRORS.no_client.is(error)) throw error;
    return [ok('install', 'no chat client was found; the terminal needs none')];
  }
}
