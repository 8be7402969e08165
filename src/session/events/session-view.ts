import type { Lease } from '../../base/processes/lease.ts';
import type { SessionPaths } from '../layout/paths.ts';
import type { SessionFile } from './session-file.ts';
import type { SessionState } from './state.ts';

export interface SessionView {
  folder: string;
  paths: SessionPaths;
  state: SessionState;
  /** Absent in a folder of the original tool, which has no run folder. */
  sessionFile?: SessionFile;
  worker: 'alive' | 'none' | 'unknowable';
  /** The last one that could be read, released or not. */
  lease?: Lease;
  /** Ids of the commands that no worker has answered yet, oldest first. */
  pendingCommands: string[];
  /** What is wrong with the files, in words for people. */
  problems: string[];
  /** Work is left that only a worker does; when none is alive, one should be launched. */
  wantsWorker: boolean;
  needsWorker: boolean;
  /** Made by the original tool and not taken over yet. */
  isForeign: boolean;
  /** Its files may not be read, so that nothing else here is known; `problems` says why. */
  isUnreadable?: true;
  /** It is not over, and whether its worker lives can't be known from here: it shows no sign of life. */
  isUnseen?: true;
  /** How a newer samocode shows itself here: it may be looked at, not changed. */
  newer?: string;
}

/** One whose files are shown, and with which no worker has anything to do. */
export function viewAtRest(paths: SessionPaths, state: SessionState, problems: string[]): SessionView {
  const nothing = { worker: 'none', wantsWorker: false, needsWorker: false } as const;
  return { folder: paths.folder, paths, state, problems, pendingCommands: [], isForeign: false, ...nothing };
}

/** Credentials that a session uses would be missing where it is brought back from a login shell. */
export const NOT_IN_LOGIN_SHELL = 'credentials_not_in_login_shell';
