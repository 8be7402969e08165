import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';
import { askProgram } from './ask-program.ts';

/** One change to this machine, shown before it is made. */
export type ServiceStep =
  | { kind: 'write'; path: string; text: string }
  | { kind: 'remove'; path: string }
  | ServiceCommand;

export interface ServiceCommand {
  kind: 'run';
  program: string;
  args: readonly string[];
  /** What it would undo may be undone already. */
  mayFail?: true;
}

export interface ServiceWork {
  context: ActionContext;
  /** The command line that runs the supervisor: node, our built program and its words, absolute paths. */
  command: readonly string[];
}

/** A service manager of this machine, which starts a program for its user and restarts it. */
export interface Service {
  name: 'systemd' | 'launchd';
  /** Whether this machine has it, and it answers. */
  isThere(context: ActionContext): Promise<boolean>;
  /** What is left to do; nothing when all of it is there. */
  installSteps(work: ServiceWork): Promise<ServiceStep[]>;
  /** What is there to be undone. */
  uninstallSteps(context: ActionContext): ServiceStep[];
  /** The words of the supervisor's command; nothing when it is not installed, or not as we write it. */
  installedCommand(context: ActionContext): Promise<readonly string[]>;
  /** What the person should know after the installation. */
  afterwards: string;
}

export interface SupervisorInstallReport {
  outcome: 'changed' | 'would_change' | 'nothing_to_do';
  /** Where it is or was registered. */
  services: Service['name'][];
  /** In the order in which they are or would be done, whole texts of files included. */
  steps: string[];
  /** What the person should know. */
  next?: string;
}

/** Does the steps in their order, or says what they would do. @throws service_command_failed */
export async function carryOut(
  steps: readonly ServiceStep[],
  services: SupervisorInstallReport['services'],
  { dryRun, context }: { dryRun: boolean; context: ActionContext },
): Promise<SupervisorInstallReport> {
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
    case 'run':
      return `run ${[step.program, ...step.args].join(' ')}`;
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
      const { program, args } = step;
      const result = await askProgram(program, args, context);
      if (result.exitCode !== 0 && !step.mayFail) {
        const cause = new Error(result.stderr.slice(-2000));
        throw INSTALL_ERRORS.service_command_failed({ command: [program, ...args].join(' ') }, { cause });
      }
      return;
    }
    default:
      return step satisfies never;
  }
}
