import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import { SamocodeError } from '../base/errors.ts';
import { nodePath } from '../providers/node-path.ts';
import type { ActionContext } from './context.ts';
import { askProgram } from './supervisor-service/ask-program.ts';
import { cronService } from './supervisor-service/old-cron-line.ts';
import { launchdService } from './supervisor-service/launchd.ts';
import { keptBackWords } from './supervisor-service/program-environment.ts';
import type { Service, ServiceStep } from './supervisor-service/service.ts';
import { systemdService } from './supervisor-service/systemd.ts';
import { refuseFromInside } from './refuse-from-inside.ts';
import { refuseIfPassing } from './refuse-if-passing.ts';
import { stableNodePath } from './stable-node-path.ts';

/** Best first. */
function servicesOf(platform: NodeJS.Platform = process.platform): readonly Service[] {
  return platform === 'darwin' ? [launchdService, cronService] : [systemdService, cronService];
}

export interface InstallMonitorInput {
  /** The built `samocode` program, an absolute path. */
  program: string;
  /** Nothing is changed; the report says what would be. */
  dryRun: boolean;
  /** Another system than this one. */
  platform?: NodeJS.Platform;
}

export interface MonitorInstallReport {
  outcome: 'changed' | 'would_change' | 'nothing_to_do';
  /** Where it is or was registered. */
  services: string[];
  /** In the order in which they are or would be done, whole texts of files included. */
  steps: string[];
  /** What the person should know. */
  next?: string;
}

/**
 * Lets the machine run the monitor for this person by itself. Doing it twice changes nothing more.
 * @throws NoServiceError, ProgramNotLastingError, ServiceCommandError, InsideSessionError
 */
export async function installMonitor(
  { program, dryRun, platform }: InstallMonitorInput,
  context: ActionContext,
): Promise<MonitorInstallReport> {
  await refuseFromInside(context);
  refuseIfPassing(program, 'The monitor was not installed.');
  for (const service of servicesOf(platform)) {
    if (!(await service.isThere(context))) continue;
    const command = [stableNodePath(await nodePath(context.env), context.env.PATH), program, 'monitor'];
    const steps = await service.installSteps({ context, command });
    const report = await carryOut(steps, [service.name], { dryRun, context });
    if (steps.length === 0) return report;
    const next = [service.afterwards, keptBackWords(context)]
      .filter((words) => words !== undefined)
      .join(' ');
    return { ...report, next };
  }
  throw new NoServiceError();
}

/** Takes out again what `installMonitor` put in, wherever that was. @throws ServiceCommandError */
export async function uninstallMonitor(
  { dryRun, platform }: Pick<InstallMonitorInput, 'dryRun' | 'platform'>,
  context: ActionContext,
): Promise<MonitorInstallReport> {
  await refuseFromInside(context);
  const steps: ServiceStep[] = [];
  const removed: Service[] = [];
  for (const service of servicesOf(platform)) {
    const own = await service.uninstallSteps(context);
    if (own.length > 0) removed.push(service);
    steps.push(...own);
  }
  const names = removed.map(({ name }) => name);
  const next = removed.flatMap(({ afterRemoval }) => afterRemoval ?? []).join(' ');
  const report = await carryOut(steps, names, { dryRun, context });
  return next === '' ? report : { ...report, next };
}

/** The command that a service of this machine runs the monitor by; undefined when none is installed. */
export async function installedMonitor(
  context: ActionContext,
): Promise<{ service: string; command: readonly string[] } | undefined> {
  for (const service of servicesOf()) {
    const command = await service.installedCommand(context);
    if (command.length > 0) return { service: service.name, command };
  }
  return undefined;
}

async function carryOut(
  steps: readonly ServiceStep[],
  services: string[],
  { dryRun, context }: { dryRun: boolean; context: ActionContext },
): Promise<MonitorInstallReport> {
  const words = steps.map(stepWords);
  if (steps.length === 0) return { outcome: 'nothing_to_do', services, steps: words };
  if (dryRun) return { outcome: 'would_change', services, steps: words };
  for (const step of steps) await doStep(step, context);
  return { outcome: 'changed', services, steps: words };
}

function stepWords(step: ServiceStep): string {
  switch (step.kind) {
    case 'write':
      return `write ${step.path}:\n${step.text}`;
    case 'remove':
      return `remove ${step.path}`;
    case 'run': {
      const line = [step.program, ...step.args].join(' ');
      if (step.input === undefined) return `run ${line}`;
      return `run ${line}, with this on its input:\n${Buffer.from(step.input).toString()}`;
    }
    default:
      return step satisfies never;
  }
}

async function doStep(step: ServiceStep, context: ActionContext): Promise<void> {
  switch (step.kind) {
    case 'write':
      await mkdir(dirname(step.path), { recursive: true });
      await writeWhole(step.path, step.text);
      return;
    case 'remove':
      await rm(step.path, { force: true });
      return;
    case 'run': {
      const { program, args, input } = step;
      const result = await askProgram(program, args, context, { ...(input && { input }) });
      if (result.exitCode !== 0 && !step.mayFail)
        throw new ServiceCommandError([program, ...args].join(' '), result.stderr);
      return;
    }
    default:
      return step satisfies never;
  }
}

class NoServiceError extends SamocodeError {
  readonly code = 'no_service';

  constructor() {
    super(
      'The monitor was not installed.',
      'This machine has neither a systemd for users nor launchd nor cron.',
      'Run `samocode monitor` with whatever starts programs here; without it every call of samocode does the same once.',
    );
  }
}

class ServiceCommandError extends SamocodeError {
  readonly code = 'service_command_failed';

  constructor(command: string, said: string) {
    super(
      'The monitor is only half installed or removed.',
      `"${command}" ended with an error.`,
      'Run it yourself to see why, then try again: what is done already is not done twice.',
      { cause: new Error(said.slice(-2000)) },
    );
  }
}
