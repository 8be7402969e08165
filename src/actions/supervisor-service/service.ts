import type { ActionContext } from '../context.ts';

/** One change to this machine, told before it is made. */
export type ServiceStep =
  | { kind: 'write'; path: string; text: string }
  | { kind: 'remove'; path: string }
  /** `mayFail`: what it would undo may be undone already. */
  | { kind: 'run'; program: string; args: readonly string[]; input?: Uint8Array; mayFail?: true };

export interface ServiceWork {
  context: ActionContext;
  /** The command line that runs the monitor: node, our built program and its words, absolute paths. */
  command: readonly string[];
}

/** A way of this machine to start a program for the person by itself. */
export interface Service {
  name: 'systemd' | 'launchd' | 'cron';
  /** Whether this machine has it, and it answers. */
  isThere(context: ActionContext): Promise<boolean>;
  /** What is left to do; nothing when all of it is there. */
  installSteps(work: ServiceWork): Promise<ServiceStep[]>;
  /** What is there to be undone. */
  uninstallSteps(context: ActionContext): Promise<ServiceStep[]>;
  /** The words of the command that is installed; nothing when none is, or it is not as we write it. */
  installedCommand(context: ActionContext): Promise<readonly string[]>;
  /** What the person should know after it was installed. */
  afterwards: string;
  /** What the person should know after it was taken out. */
  afterRemoval?: string;
}
