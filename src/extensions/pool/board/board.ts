/** The ULID of a session or of a command. */
export type Ulid = string;
/** A git object id. */
export type Oid = string;

/** What a machine publishes about itself in the pool of one project. */
export interface HostInfo {
  /** Random, made at `pool join`; never the machine's own id. */
  id: string;
  name: string;
  /** The root commit of the project's repository: clones share it, whatever their remotes are called. */
  project: Oid;
  /** The capabilities that the machine offers to sessions: `claude`, `codex`, `guard`, `strict`. */
  labels: readonly string[];
  /** Differs between boots and between copies of a home; the same after a restart of the supervisor. */
  instanceId: string;
  /** The number of sessions that it runs at once. */
  slots: number;
  level: 'off' | 'guard' | 'strict';
  version: string;
}

/** The last sign of life of a machine, as the board has it. */
export interface HostSign extends Omit<HostInfo, 'instanceId'> {
  seenMsAgo: number;
  /** Whether it renewed its leases within one lease. */
  isLive: boolean;
  isRemoved: boolean;
  /** Its login role in the database; empty if the board has no logins. */
  login: string;
}

/** The facts that lists show about a session whose files are not here; never used for decisions. */
export interface StateSummary {
  status: string;
  phase: string;
  iteration: number;
  /** The time at which the state was saved, in ISO 8601. */
  at: string;
}

export interface Entry {
  id: Ulid;
  project: Oid;
  folder: string;
  /** The host that has it; undefined while no host has it. */
  host?: string;
  /** Incremented each time a host takes it: the fencing token between hosts. */
  epoch: number;
  /** Whether the session has work to do. One that waits for a person is not claimed until an act arrives. */
  wanted: boolean;
  needs: readonly string[];
  /** The newest published state, as far as the board knows. */
  state?: Oid;
  card?: StateSummary;
}

export interface Claim extends Entry {
  host: string;
  /** The previous host, if it did not give the session back: its agent may still be running. */
  from?: string;
  /** The commit to which the board has already moved the session's ref; if absent, the claimer must move it. */
  moved?: Oid;
}

/** A command on its way to the host that has the session. */
export interface RemoteCommand {
  /** The command's own ULID, by which a second delivery is recognised. */
  id: Ulid;
  session: Ulid;
  /** A command as machines send it to each other. */
  command: string;
  /** The person of the member whose key signed it. */
  person: string;
  /** The name of that member's machine. */
  machine: string;
  /** Why it is not carried out. `person` and `machine` are then what the board says. */
  problem?: 'unsigned' | 'untrusted' | 'misplaced';
}

export interface Renewal {
  /** The epochs of the sessions that this host has; a missing session was lost. */
  held: ReadonlyMap<Ulid, number>;
  acts: readonly RemoteCommand[];
  entries: readonly Entry[];
}

/**
 * Records which host works on which session. If it is wrong, slow or unreachable, sessions wait or an iteration is
 * paid for twice, but nothing is lost and nothing is written twice, because the session's ref on the remote is moved by
 * compare-and-swap.
 * Every call rejects when the board cannot be reached, within its own time limit.
 */
export interface Board extends AsyncDisposable {
  renew(host: HostInfo): Promise<Renewal>;
  /** The machines seen in the last 30 days, live or not. Never used to decide who has a session. */
  hosts(project: Oid): Promise<HostSign[]>;
  /**
   * Refuses every later call of a machine and opens its sessions to others at once. Cannot be undone.
   * @returns its login role in the database, if the board has logins and has seen the machine
   */
  remove(hostId: string): Promise<string | undefined>;
  /** Deletes sessions and their acts. */
  forget(ids: readonly Ulid[]): Promise<void>;
  /** Adds a session whose first state is on the remote and that no host has yet. Idempotent. */
  offer(session: Pick<Entry, 'id' | 'project' | 'folder' | 'needs' | 'state'>): Promise<void>;
  /** Takes up to `free` sessions that are wanted and that no host has, or whose host was silent for a whole lease. */
  claim(host: HostInfo, free: number): Promise<Claim[]>;
  /**
   * Raises the epoch of a claim: a board that lost its last writes may give one that a published state already has.
   * @returns false if this host no longer has the session
   */
  raise(held: Held, epoch: number): Promise<boolean>;
  /** Records what lists show of a pushed state. @returns false if this host no longer has the session */
  index(held: Held, state: Oid, summary: StateSummary & { wanted: boolean }): Promise<boolean>;
  /**
   * Gives a session back. @param notBeforeMs how long no host should claim it
   * @returns false if this host no longer has it, or an act arrived
   */
  giveBack(held: Held, rest: { wanted: boolean; state: Oid; notBeforeMs?: number }): Promise<boolean>;
  /** Sends a command to the current or next host of the session. Idempotent by the command's ULID. */
  act(session: Ulid, id: Ulid, command: string): Promise<void>;
  /** Removes acts that the published log answers. */
  settle(acts: readonly RemoteCommand[]): Promise<void>;
  /** Resolves early when something may have changed (LISTEN), otherwise after `ms`. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Held {
  id: Ulid;
  host: string;
  epoch: number;
}
