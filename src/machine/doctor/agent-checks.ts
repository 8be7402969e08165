import type { ActionContext } from '../../actions/acting/context.ts';
import type { DoctorCheck, Machine } from '../../actions/preconditions/check.ts';
import { type Project, readSettingTexts } from '../../project/finding/open-project.ts';
import type { ProviderName } from '../../project/settings/project-settings.ts';
import { readSettings } from '../../project/settings/read-settings.ts';
import { childSettings } from '../../project/settings/resolve-settings.ts';
import { type CliName, cliChecks } from './cli-checks.ts';

const CLI_NAMES: readonly CliName[] = ['claude', 'codex', 'gemini'];

/** What each agent CLI says of itself; they are asked at the same time. */
export async function allCliChecks(
  project: Project | undefined,
  machine: Machine,
  context: ActionContext,
): Promise<Promise<DoctorCheck[]>[]> {
  const used = usedProviders(project);
  const permissions = project?.values.permissions ?? 'skip';
  const paths = project ? new Map<CliName, string>() : await machinePaths(context);
  return CLI_NAMES.map((name) => {
    const configured = project ? childSettings(project, 'init', name).cliPath : paths.get(name);
    return cliChecks({ name, isUsed: used.has(name), permissions, configured }, machine, context);
  });
}

/** Without a project: what a new one would use. */
export function usedProviders(project: Project | undefined): Set<ProviderName> {
  if (project === undefined) return new Set(['claude']);
  const { provider, providerByPhase, fallback } = project.values;
  return new Set([provider, ...Object.values(providerByPhase), ...fallback]);
}

/** Where the machine's own settings say that the CLIs are; for a look from outside of any project. */
async function machinePaths({ env, home: homeDir }: ActionContext): Promise<Map<CliName, string>> {
  const { readings } = readSettings(await readSettingTexts({ env, homeDir }));
  const paths = CLI_NAMES.flatMap((name) => {
    const value = readings.find(({ key }) => key === `${name.toUpperCase()}_PATH`)?.value;
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return new Map(paths);
}
