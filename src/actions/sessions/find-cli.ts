import { childSettings, type ResolvedSettings } from '../../project/settings/resolve-settings.ts';
import type { ProviderName } from '../../providers/registry.ts';
import { providerNamed } from '../../providers/registry.ts';
import { cliOf, locateCli } from '../../providers/starting/locate-cli.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import type { ActionContext } from '../acting/context.ts';

/** The program of a provider. @throws cli_not_found, cli_not_executable */
export async function findCli(
  settings: ResolvedSettings,
  name: ProviderName,
  { env, home, programs }: ActionContext,
): Promise<string> {
  if (name === 'rehearsal') return programs.rehearsal;
  const { path } = await locateCli({
    ...cliOf(providerNamed(name)),
    configured: childSettings(settings, 'init', name).cliPath,
    env,
    homeDir: home,
    nodePath: await nodePath(env),
  });
  return path;
}

/** The program of every provider that a session begins with or falls back to, by its name. @throws what `findCli` throws */
export async function findClis(
  settings: ResolvedSettings,
  context: ActionContext,
): Promise<Record<string, string>> {
  const { values } = settings;
  const names = new Set<ProviderName>([
    values.provider,
    ...Object.values(values.providerByPhase),
    ...values.fallback,
  ]);
  const found: Record<string, string> = {};
  for (const name of names) {
    found[name] = await findCli(settings, name, context);
  }
  return found;
}
