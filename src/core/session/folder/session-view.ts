import type { Lease } from '../../kernel/processes/lease.ts';
import type { SessionFile } from '../events/bodies/session-file.ts';
import type { OtherBuild } from '../events/events.ts';
import type { SessionState } from '../events/state.ts';
import type { Mirror } from '../layout/mirror.ts';
import type { SessionPaths } from '../layout/paths.ts';
import type { PollRecord } from '../layout/poll-record.ts';

export interface SessionView {
  folder: string;
  paths: SessionPaths;
  state: SessionState;
  /** Absent if it is missing or cannot be read. */
  sessionFile?: SessionFile;
  worker: 'alive' | 'none' | 'unknowable';
  /** Set if another machine of a pool has the session: this one shows what that machine has published. */
  mirror?: Mirror;
  /** The newest readable lease, released or not. */
  lease?: Lease;
  /** The supervisor's record of its last polls of the pull request. */
  lastPoll?: PollRecord;
  /** Where a person opens the application whose services run for them. */
  appUrl?: string;
  /** Ids of the commands that no worker has answered yet, oldest first. */
  pendingCommands: string[];
  /** Describes problems of the files for people. */
  problems: string[];
  /** There is work that only a worker can do; if none is alive, one should be launched. */
  wantsWorker: boolean;
  needsWorker: boolean;
  /** Its files cannot be read, so nothing else here is known; `problems` says why. */
  isUnreadable?: true;
  /** The session is not over, shows no activity, and whether its worker is alive cannot be determined from here. */
  isUnseen?: true;
  /** Whether its base contains the work of its branch; absent unless git was asked. */
  isInBase?: boolean;
  /** Set if another samocode wrote what this one cannot read: the session can be read, not changed. */
  otherBuild?: OtherBuild;
}

export function viewWithoutWorker(paths: SessionPaths, state: SessionState, problems: string[]): SessionView {
  const nothing = { worker: 'none', wantsWorker: false, needsWorker: false } as const;
  return { folder: paths.folder, paths, state, problems, pendingCommands: [], ...nothing };
}

/** Code of the notice that a login shell lacks credentials of the session, which might be resumed from there. */
export const NOT_IN_LOGIN_SHELL = 'credentials_not_in_login_shell';

/** Code of the notice that there is no usage limit whose end a session could wait for. */
export const NO_LIMIT_KNOWN = 'no_limit_known';
