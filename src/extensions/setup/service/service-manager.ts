import type { ActionContext } from '../../../core/caller/context/context.ts';

export interface ServiceCommand {
  program: string;
  args: readonly string[];
  /** Its failure is ignored, because there might be nothing to undo. */
  mayFail?: boolean;
}

export interface ServiceWork {
  /** The command line of the supervisor, with absolute paths: node, our built program and its arguments. */
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** The file for the supervisor's last error output. */
  errors: string;
}

/** A service manager, which starts and restarts a user's program, with all that differs between managers. */
export interface Service {
  name: 'systemd' | 'launchd';
  /** Succeeds if this machine has the manager and it responds. */
  probe: ServiceCommand;
  /** The path of the service's file, relative to the home folder, in parts. */
  file(context: ActionContext): string[];
  text(work: ServiceWork): string;
  /** Succeed while the service runs. */
  running: readonly ServiceCommand[];
  /** Commands to run after the service's file is written. */
  start(path: string): ServiceCommand[];
  /** Commands to run before the service's file is removed. */
  stop: readonly ServiceCommand[];
  /** The supervisor's command line in the file; empty if the file is not in our format. */
  commandIn(text: string): string[];
  /** What the person should know after the installation. */
  afterwards: string;
}
