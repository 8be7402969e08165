import type { ActionContext } from '../../actions/acting/context.ts';
import { findProjectFor } from '../../actions/places/find-project-for.ts';
import { type DoctorCheck, failed, type Machine, thisMachine } from '../../actions/preconditions/check.ts';
import { isSamocodeError } from '../../base/errors.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { allCliChecks, usedProviders } from './cli-checks.ts';
import { gitCheck, machineChecks } from './machine-checks.ts';
import { projectChecks, sandboxCheck } from './project-checks.ts';
import { installChecks, notifyChecks, supervisorChecks } from './service-checks.ts';

export interface DoctorInput {
  projectDir?: string | undefined;
  /** Also runs SETUP and each CHECK once, where sessions run them. */
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
  // They take the longest, so they are asked meanwhile.
  const clis = await allCliChecks(settings, machine, context);
  const all = Promise.allSettled(clis);
  add(await gitCheck(context));
  if ('check' in project) add(project.check);
  else add(...(await projectChecks(project.project, context, { runChecks, signal })));
  for (const cli of clis) add(...(await cli));
  add(...(await installChecks(context)));
  add(...(await supervisorChecks(context)));
  add(...(await notifyChecks(context)));
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
