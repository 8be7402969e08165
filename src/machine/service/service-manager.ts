import type { ActionContext } from '../../acts/common/context.ts';

export interface ServiceCommand {
  program: string;
  args: readonly string[];
  /** It may have nothing to undo. */
  mayFail?: boolean;
}

export interface ServiceWork {
  /** The command line of the supervisor, with absolute paths: node, our built program and its arguments. */
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** The file for its last error output. */
  errors: string;
}

/** A service manager, which starts a user's program and restarts it; differences between managers are here. */
export interface Service {
  name: 'systemd' | 'launchd';
  /** Succeeds if this machine has it and it responds. */
  probe: ServiceCommand;
  /** The path of the service's file, relative to the home folder, in parts. */
  file(context: ActionContext): string[];
  text(work: ServiceWork): string;
  /** Succeed while the service runs. */
  running: readonly ServiceCommand[];
  /** Commands after its file is written. */
  start(path: string): ServiceCommand[];
  /** Commands before its file is removed. */
  stop: readonly ServiceCommand[];
  /** The arguments of the supervisor's command; empty if the file is not in our format. */
  commandIn(text: string): string[];
  /** What the person should know after the installation. */
  afterwards: string;
}
