import { isSamocodeError } from '../../base/errors.ts';
import { PROVIDER_NAMES } from '../../providers/registry.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import { requireTrust } from '../places/trust-project.ts';
import { findCli } from './freeze-settings.ts';

/**
 * The CLIs that are no longer where a session knows them, by provider; undefined when all are.
 * @throws project_not_trusted
 */
export async function movedClis(
  { state, sessionFile }: SessionView,
  context: ActionContext,
): Promise<Record<string, string> | undefined> {
  if (sessionFile === undefined) return undefined;
  const { configPath, settings } = sessionFile;
  // Settings that make no sense now are no reason to refuse a session that needs none of them.
  const project = await findProjectFor({ projectDir: configPath }, context).catch(unlessFault);
  if (project === undefined) return undefined;
  const { provider: chosen = settings.provider, cliPath } = state.chosen ?? {};
  const known: Readonly<Record<string, string>> = {
    ...settings.cliPaths,
    ...(cliPath !== undefined && { [chosen]: cliPath }),
  };
  const moved: Record<string, string> = {};
  for (const name of PROVIDER_NAMES) {
    if (name === 'rehearsal' || known[name] === undefined) continue;
    // Where none is found, the worker says so when it needs it.
    const path = await findCli(project, name, context).catch(unlessFault);
    if (path !== undefined && path !== known[name]) moved[name] = path;
  }
  if (Object.keys(moved).length === 0) return undefined;
  await requireTrust(project, context);
  return moved;
}

function unlessFault(error: unknown): undefined {
  if (!isSamocodeError(error)) throw error;
}
