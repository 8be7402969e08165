import type { ActionContext } from '../../actions/acting/context.ts';
import type { DoctorCheck, Machine } from '../../actions/preconditions/check.ts';
import { type Project, readSettingTexts } from '../../project/finding/open-project.ts';
import { readSettings } from '../../project/settings/read-settings.ts';
import { childSettings } from '../../project/settings/resolve-settings.ts';
import { PROVIDERS, type ProviderName } from '../../providers/registry.ts';
import { pathSettingOf } from '../../providers/starting/locate-cli.ts';
import { cliChecks } from './cli-checks.ts';

/** What each agent CLI says of itself; they are asked at the same time. */
export async function allCliChecks(
  project: Project | undefined,
  machine: Machine,
  context: ActionContext,
): Promise<Promise<DoctorCheck[]>[]> {
  const used = usedProviders(project);
  const permissions = project?.values.permissions ?? 'skip';
  const machinePath = project ? undefined : await machinePaths(context);
  return PROVIDERS.filter(({ preflight }) => preflight).map((provider) => {
    const { name } = provider;
    const configured = project ? childSettings(project, 'init', name).cliPath : machinePath?.(name);
    return cliChecks({ provider, isUsed: used.has(name), permissions, configured }, machine, context);
  });
}

/** Without a project: what a new one would use. */
export function usedProviders(project: Project | undefined): Set<ProviderName> {
  if (project === undefined) return new Set(['claude']);
  const { provider, providerByPhase, fallback } = project.values;
  return new Set([provider, ...Object.values(providerByPhase), ...fallback]);
}

/** Where the machine's own settings say that the CLIs are; for a look from outside of any project. */
async function machinePaths({ env, home: homeDir }: ActionContext) {
  const { readings } = readSettings(await readSettingTexts({ env, homeDir }));
  return (name: string): string | undefined => {
    const value = readings.find(({ key }) => key === pathSettingOf(name))?.value;
    return typeof value === 'string' ? value : undefined;
  };
}
