import type { Clock } from '../base/clock.ts';
import type { Host } from '../base/processes/host.ts';
import type { GitContext } from '../project/git/repository.ts';
import type { HostSettings } from '../session/events/bodies/positions.ts';
import type { Board, HostCard, Oid, Ulid } from './board.ts';
import type { PoolStates } from './pool-states.ts';
import type { StatusFile } from './pool-status.ts';
import type { PoolRemote } from './remote.ts';

/** All injected: tests have seconds where a pool has minutes. */
export interface PoolTimes {
  /** After this long without a renewal others may take a session. */
  leaseMs: number;
  renewMs: number;
  /** Between a claim and the first agent, where the host before may still be alive. */
  graceMs: number;
  /** How often local states and commands are looked at. */
  lookMs: number;
}
export const POOL_TIMES: PoolTimes = { leaseMs: 45_000, renewMs: 15_000, graceMs: 2000, lookMs: 1000 };

/** Where the sessions of one project are on this machine. */
export interface MemberPlace {
  mainRepo: string;
  sessionsDir: string;
  worktreesDir: string;
  configPath: string;
  /** The git folder that all worktrees of the repository share. */
  commonDir: string;
}

export interface MemberParts {
  card: HostCard;
  board: Board;
  remote: PoolRemote;
  states: PoolStates;
  place: MemberPlace;
  git: GitContext;
  clock: Clock;
  host: Host;
  times: PoolTimes;
  /** Of this machine's supervisor, whose scan starts the worker of what was claimed. */
  supervisor: string;
  /** What a session started here would run with. */
  ownSettings: () => Promise<HostSettings>;
  /** How many sessions at once. */
  slots: number;
  /** It claims nothing, and gives back what it has. */
  isLeaving: boolean;
  status: Pick<StatusFile, 'saw' | 'write'>;
  /** Reports once what lasts. */
  report: (what: string, error: unknown) => void;
  say: (text: string) => void;
  /** Lets the supervisor look at its sessions at once. */
  wake: () => Promise<void>;
}

export interface HeldSession {
  id: Ulid;
  epoch: number;
  folder: string;
  /** Where this host left the session's ref. */
  published: Oid;
  /** The worker's state commit from which that was made, and the number of the last event in it. */
  from?: Oid | undefined;
  n?: number;
  /** A push on its way, whose outcome is not known. */
  sending?: Oid | undefined;
  /** Monotonic: when to push again after the remote could not be reached. */
  againAtMs?: number;
  /** Monotonic: what was asked before says nothing about it. */
  sinceMs: number;
}
