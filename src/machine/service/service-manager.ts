import type { ActionContext } from '../../actions/acting/context.ts';

export interface ServiceCommand {
  program: string;
  args: readonly string[];
  /** What it would undo may be undone already. */
  mayFail?: boolean;
}

export interface ServiceWork {
  /** The command line that runs the supervisor: node, our built program and its words, absolute paths. */
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Where what it prints about its end goes. */
  errors: string;
}

/** A service manager, which starts a program for its user and restarts it: what differs by the manager. */
export interface Service {
  name: 'systemd' | 'launchd';
  /** Succeeds where this machine has it, and it answers. */
  probe: ServiceCommand;
  /** The parts of the path of the service's file, from the person's home. */
  file(context: ActionContext): string[];
  text(work: ServiceWork): string;
  /** Succeed while the service runs. */
  running: readonly ServiceCommand[];
  /** What follows the writing of its file. */
  start(path: string): ServiceCommand[];
  /** What comes before the removal of its file. */
  stop: readonly ServiceCommand[];
  /** The words of the supervisor's command; nothing when the file is not as we write it. */
  commandIn(text: string): string[];
  /** What the person should know after the installation. */
  afterwards: string;
}
