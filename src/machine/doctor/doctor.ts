import type { ActionContext } from '../../actions/acting/context.ts';
import { findProjectFor } from '../../actions/places/find-project-for.ts';
import {
  type DoctorCheck,
  fail,
  failed,
  type Machine,
  ok,
  thisMachine,
} from '../../actions/preconditions/check.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import { type Project, readSettingTexts } from '../../project/finding/open-project.ts';
import type { ProviderName } from '../../project/settings/project-settings.ts';
import { readSettings } from '../../project/settings/read-settings.ts';
import { childSettings } from '../../project/settings/resolve-settings.ts';
import { type CliName, cliChecks } from './cli-checks.ts';
import { installChecks } from './install-checks.ts';
import { machineChecks } from './machine-checks.ts';
import { notifyChecks, telegramChecks } from './notify-checks.ts';
import { projectChecks } from './project-checks.ts';
import { sandboxCheck } from './sandbox-check.ts';
import { supervisorChecks } from './supervisor-checks.ts';

export interface DoctorInput {
  projectDir?: string | undefined;
  /** Also runs SETUP and each CHECK once, in a worktree that is thrown away. */
  runChecks?: boolean | undefined;
  /** Is given each check as soon as it is known; their order is that of the report. */
  onCheck?: ((check: DoctorCheck) => void) | undefined;
  /** Ends checks that run. */
  signal?: AbortSignal | undefined;
}

export interface DoctorReport {
  /** The worst level of all checks. */
  level: DoctorCheck['level'];
  checks: DoctorCheck[];
}

const CLI_NAMES: readonly CliName[] = ['claude', 'codex', 'gemini'];

/**
 * Looks at everything that a session needs: machine, git, project, agent CLIs, and what weakens our
 * promises. Costs nothing, leaves nothing behind and never throws for what it finds.
 */
export async function doctor(
  input: DoctorInput,
  context: ActionContext,
  machine: Machine = thisMachine(),
): Promise<DoctorReport> {
  const checks: DoctorCheck[] = [];
  const add = (...found: DoctorCheck[]) => {
    checks.push(...found);
    for (const check of found) input.onCheck?.(check);
  };
  add(...(await machineChecks(machine, context.env)));
  if (machine.platform === 'win32') return reportOf(checks);
  const { runChecks = false, signal } = input;
  const project = await projectOf(input, context);
  const settings = 'project' in project ? project.project : undefined;
  const used = usedProviders(settings);
  const permissions = settings?.values.permissions ?? 'skip';
  const paths = settings ? new Map<CliName, string>() : await machinePaths(context);
  // They take the longest, so they are asked meanwhile.
  const clis = CLI_NAMES.map((name) => {
    const configured = settings ? childSettings(settings, 'init', name).cliPath : paths.get(name);
    return cliChecks({ name, isUsed: used.has(name), permissions, configured }, machine, context);
  });
  const all = Promise.allSettled(clis);
  add(await gitCheck(context));
  if ('check' in project) add(project.check);
  else add(...(await projectChecks(project.project, context, { runChecks, signal })));
  for (const cli of clis) add(...(await cli));
  add(...(await installChecks(context)));
  add(...(await supervisorChecks(context)));
  add(...(await notifyChecks(context)));
  add(...(await telegramChecks(context)));
  add(await sandboxCheck(settings, used, context));
  await all;
  return reportOf(checks);
}

function reportOf(checks: DoctorCheck[]): DoctorReport {
  const levels = checks.map(({ level }) => level);
  const level = levels.includes('fail') ? 'fail' : levels.includes('warn') ? 'warn' : 'ok';
  return { level, checks };
}

async function projectOf(
  input: DoctorInput,
  context: ActionContext,
): Promise<{ project: Project } | { check: DoctorCheck }> {
  try {
    return { project: await findProjectFor(input, context) };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { check: failed('project', error) };
  }
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

/** Without a project: what a new one would use. */
function usedProviders(project: Project | undefined): Set<ProviderName> {
  if (project === undefined) return new Set(['claude']);
  const { provider, providerByPhase, fallback } = project.values;
  return new Set([provider, ...Object.values(providerByPhase), ...fallback]);
}

async function gitCheck({ env }: ActionContext): Promise<DoctorCheck> {
  const { exitCode, stdout } = await runCommand('git', ['--version'], { env: { PATH: env.PATH ?? '' } });
  if (exitCode !== 0) return fail('git', 'git was not found on PATH.', 'Install git 2.31 or newer.');
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  // Older ones know nothing of the variables by which planted settings are undone.
  const isTooOld = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 31);
  return isTooOld
    ? fail('git', `${stdout.trim()} is too old.`, 'Install git 2.31 or newer.')
    : ok('git', stdout.trim());
}
