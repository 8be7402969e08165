import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import type { Host } from '../../../core/kernel/processes/host.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import type { HostSettings } from '../../../core/session/events/bodies/positions.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Board, HostInfo, Oid, StateSummary, Ulid } from '../board/board.ts';
import type { PoolRemote } from '../board/git-remote.ts';
import type { MemberLists } from '../members/member-list.ts';
import type { PoolStates } from '../states/pool-states.ts';
import type { StatusFile } from './pool-status.ts';

/** The intervals of a pool; tests inject shorter ones. */
export interface PoolTimes {
  /** The time after the last renewal until another machine may take a session; undefined: only a person moves it. */
  leaseMs?: number;
  renewMs: number;
  /** The delay between a take-over and the first agent: the previous host's agent may still be running. */
  graceMs: number;
  /** The interval at which local states and commands are read. */
  scanMs: number;
  /** The interval at which the list of members is read; default: a minute. */
  membersMs?: number;
}
export const POOL_TIMES = {
  database: { leaseMs: 45_000, renewMs: 15_000, graceMs: 2000, scanMs: 1000 },
  remote: { renewMs: 60_000, graceMs: 2000, scanMs: 1000 },
} satisfies Record<string, PoolTimes>;

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
  /** Who belongs to the pool, as this machine has accepted it. */
  lists: Pick<MemberLists, 'kept' | 'look'>;
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
  /** The commit to which this host last set the session's ref. */
  published: Oid;
  /** What `savedAt` said before `published` was made, and the number of its last event. */
  from?: string;
  n?: number;
  /** The facts of `published` that lists show. */
  summary?: StateSummary & { wanted: boolean };
  /** The commit of a push whose outcome is not known yet. */
  sending?: Oid;
  /** Monotonic time at which to push again after the remote could not be reached. */
  againAtMs?: number;
  /** Monotonic time of the claim or the last push; answers to earlier requests are out of date. */
  sinceMs: number;
}

/** Less than a lease can miss. */
const FIRST_LOOK_MS = 2000;

type LookParts = Pick<MemberParts, 'lists' | 'clock' | 'times' | 'report' | 'readAgain'>;

/** Reads what this machine offers, and the list of members on the remote, for which no renewal of a lease waits: the remote may not respond. */
export class MembersLook {
  readonly #parts: LookParts;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  /** Waits a moment before this machine holds anything, so that one that was removed meanwhile takes nothing. */
  async ifDue({ isHolding }: { isHolding: boolean }): Promise<void> {
    const { lists, clock, times, report, readAgain } = this.#parts;
    const begun = clock.monotonic();
    if (begun - this.#readAtMs < (times.membersMs ?? 60_000)) return;
    const look = async () => {
      await readAgain().catch((error: unknown) => report('settings', error));
      if (await lists.look((error) => report('members', error))) this.#readAtMs = begun;
    };
    this.#looking ??= look().finally(() => {
      this.#looking = undefined;
    });
    if (!isHolding) await Promise.race([this.#looking, clock.sleep(FIRST_LOOK_MS)]);
  }

  /** The next one is due at once. */
  again(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }
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
