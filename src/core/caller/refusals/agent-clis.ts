import { isBundled, providerNamed } from '../../agents/registry.ts';
import { checkoutsOf } from '../../project/proving/checkout-variables.ts';
import type { SettingsReading } from '../../project/settings/read-settings.ts';
import { agentSettings } from '../../project/settings/resolve-settings.ts';
import { keptOf } from '../../project/settings/settings.ts';
import { locateCli } from '../../sandbox/programs/locate-cli.ts';
import { nodePath } from '../../sandbox/programs/node-path.ts';
import type { ActionContext } from '../context/context.ts';
import { START_ERRORS } from '../errors/start-errors.ts';
import { projectRefusal } from './login-of-project.ts';

/** Every provider that a session can use: the default, those of phases and the fallbacks. */
export function providersOf({ values }: Pick<SettingsReading, 'values'>): Set<string> {
  const { provider, providerByPhase, fallback } = values;
  return new Set([provider, ...Object.values(providerByPhase), ...fallback]);
}

/** The paths of the agent CLIs that are installed, by provider. */
export async function installedClis(
  settings: SettingsReading,
  names: Iterable<string>,
  context: ActionContext,
): Promise<Record<string, string>> {
  // Concurrently, so that all searches share one login shell.
  const found = [...names].map(async (name) => {
    const path = await findCli(settings, name, context).catch(() => undefined);
    return path === undefined ? [] : [[name, path] as const];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

export async function findCli(
  settings: SettingsReading,
  name: string,
  { env, home, programs }: ActionContext,
): Promise<string> {
  const provider = providerNamed(name);
  if (isBundled(name)) return programs.rehearsal;
  if (provider.defaultCommand === '' && keptOf(settings.values).acp?.command === undefined)
    throw START_ERRORS.command_missing();
  const { mainRepo, worktrees: worktreesDir } = settings.values;
  const { path } = await locateCli({
    cli: provider,
    checkouts: await checkoutsOf({ mainRepo, worktreesDir }, env),
    configured: agentSettings(settings, 'init', name).cliPath,
    env,
    homeDir: home,
    nodePath: await nodePath(env),
    refusal: projectRefusal(settings, { home }),
  });
  return path;
}
