import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import type { Host } from '../../../core/kernel/processes/host.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import type { HostSettings } from '../../../core/session/events/bodies/positions.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Board, HostInfo, Oid, StateSummary, Ulid } from '../board/board.ts';
import type { PoolRemote } from '../board/git-remote.ts';
import type { PoolStates } from '../states/pool-states.ts';
import type { StatusFile } from './pool-status.ts';

/** The intervals of a pool; tests inject shorter ones. */
export interface PoolTimes {
  /** The time after the last renewal until another machine may take a session. */
  leaseMs: number;
  renewMs: number;
  /** The delay between a take-over and the first agent: the previous host's agent may still be running. */
  graceMs: number;
  /** The interval at which local states and commands are read. */
  scanMs: number;
  /** The interval at which the project and its settings are read again; default: a minute. */
  settingsMs?: number;
}
export const POOL_TIMES: PoolTimes = { leaseMs: 45_000, renewMs: 15_000, graceMs: 2000, scanMs: 1000 };

export interface MemberPlace {
  mainRepo: string;
  sessionsDir: string;
  worktreesDir: string;
  configPath: string;
}

export interface MemberParts {
  /** For acts from other machines, which are judged here. */
  context: ActionContext;
  hostInfo: HostInfo;
  board: Board;
  remote: PoolRemote;
  states: PoolStates;
  place: MemberPlace;
  git: GitContext;
  clock: Clock;
  host: Host;
  times: PoolTimes;
  /** The lease identity of this machine's supervisor, whose scan starts the workers of claimed sessions. */
  supervisor: string;
  /** The settings with which a session started on this machine would run now. @throws if its project is not trusted */
  ownSettings: () => Promise<HostSettings>;
  /** Reads again what this machine offers: its project, trust and agent CLIs may have changed. */
  readAgain: () => Promise<void>;
  slots: number;
  poolDays: number;
  /** This machine claims no sessions and gives back those that it holds. */
  isLeaving: boolean;
  status: Pick<StatusFile, 'saw' | 'looked' | 'holds' | 'write'>;
  /** Reports an error; one that persists is reported once. */
  report: (what: string, error: unknown) => void;
  say: (text: string) => void;
  /** Makes the supervisor scan its sessions immediately. */
  wake: () => Promise<void>;
}

export interface HeldSession {
  id: Ulid;
  epoch: number;
  folder: string;
  /** The state that this host published last. */
  published: Oid;
  /** What `savedAt` said before `published` was made, and the number of its last event. */
  from?: string;
  n?: number;
  /** The facts of `published` that lists show. */
  summary?: StateSummary & { wanted: boolean };
  /** A state of which it is not known yet whether the board has recorded it. */
  sending?: Oid;
  /** Monotonic time at which to push again after the remote could not be reached. */
  againAtMs?: number;
  /** Monotonic time of the claim or the last publication; answers to earlier requests are out of date. */
  sinceMs: number;
}

/** The sessions of a pool below this folder, by their id. */
export function viewsOfPool(
  views: Iterable<SessionView>,
  sessionsDir: string,
): ReadonlyMap<Ulid, SessionView> {
  const ours = [...views].flatMap((view) => {
    const { pool, id } = view.sessionFile ?? {};
    return pool && id && view.paths.sessionsDir === sessionsDir ? [[id, view] as const] : [];
  });
  return new Map(ours);
}
