import type { ActionContext } from '../../actions/acting/context.ts';

/** One change to this machine, shown before it is made. */
export type ServiceStep =
  | { kind: 'write'; path: string; text: string }
  | { kind: 'remove'; path: string }
  | ServiceCommand;

export interface ServiceCommand {
  kind: 'run';
  program: string;
  args: readonly string[];
  input?: Uint8Array;
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
  /** What is left to do, the removal of the monitor of samocode 0.1 included; nothing when all of it is there. */
  installSteps(work: ServiceWork): Promise<ServiceStep[]>;
  /** What is there to be undone, of the supervisor and of that monitor. */
  uninstallSteps(context: ActionContext): Promise<ServiceStep[]>;
  /** Whether the monitor of samocode 0.1 is installed. Looks at one file. */
  hasMonitor(context: ActionContext): boolean;
  /** The words of the supervisor's command; nothing when it is not installed, or not as we write it. */
  installedCommand(context: ActionContext): Promise<readonly string[]>;
  /** What the person should know after the installation. */
  afterwards: string;
}
