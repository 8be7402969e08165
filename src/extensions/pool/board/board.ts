/** The ULID of a session or of a command. */
export type Ulid = string;
/** A git object id. */
export type Oid = string;

/** What a machine publishes about itself in the pool of one project. */
export interface HostInfo {
  /** Its login in the database. */
  id: string;
  name: string;
  /** The root commit of the project's repository: clones share it, whatever their remotes are called. */
  project: Oid;
  /** The capabilities that the machine offers to sessions: `claude`, `codex`, `guard`, `strict`. */
  labels: readonly string[];
  /** The number of sessions that it runs at once. */
  slots: number;
  level: 'off' | 'guard' | 'strict';
  version: string;
}

/** The last sign of life of a machine, as the board has it. */
export interface HostSign extends HostInfo {
  seenMsAgo: number;
  /** Whether it renewed its leases within one lease. */
  isLive: boolean;
  /** Its login may no longer log in. */
  isRemoved: boolean;
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
  hostName?: string;
  /** Incremented each time a host takes it: the fencing token between hosts. */
  epoch: number;
  /** Whether the session has work to do. One that waits for a person is not claimed until an act arrives. */
  wanted: boolean;
  needs: readonly string[];
  /** The published state: only this commit counts, wherever a ref points. */
  state: Oid;
  /** The host that recorded it. */
  author: string;
  card?: StateSummary;
}

export interface Claim extends Entry {
  host: string;
  /** The previous host, if it did not give the session back: its agent may still be running. */
  from?: string;
}

/** A command on its way to the host that has the session. */
export interface RemoteCommand {
  /** The command's own ULID, by which a second delivery is recognised. */
  id: Ulid;
  session: Ulid;
  /** A command as machines send it to each other. */
  command: string;
  /** The login that sent it. */
  person: string;
  /** The name of that machine. */
  machine: string;
}

export interface Renewal {
  /** The epochs of the sessions that this host has; a missing session was lost. */
  held: ReadonlyMap<Ulid, number>;
  acts: readonly RemoteCommand[];
  entries: readonly Entry[];
}

/**
 * Records which host works on which session, and which commit is its state. A write of a host that has lost the session
 * has no effect. Every call rejects when the board cannot be reached, within its own time limit.
 */
export interface Board extends AsyncDisposable {
  renew(host: HostInfo): Promise<Renewal>;
  /** The machines seen in the last 30 days, live or not. Never used to decide who has a session. */
  hosts(project: Oid): Promise<HostSign[]>;
  /** One session as it is now. */
  read(id: Ulid): Promise<Entry | undefined>;
  /**
   * Deletes sessions without open acts that this host has, or had last.
   * @returns those that are gone
   */
  forget(ids: readonly Ulid[]): Promise<readonly Ulid[]>;
  /** Adds a session whose state is on the remote and that no host has yet. Idempotent. */
  offer(session: Pick<Entry, 'id' | 'project' | 'folder' | 'needs' | 'state'>): Promise<void>;
  /** Takes up to `free` sessions that are wanted and that no host has, or whose host was silent for a whole lease. */
  claim(host: HostInfo, free: number): Promise<Claim[]>;
  /** Makes a pushed commit the state of the session. @returns false if this host no longer has the session */
  publish(held: Held, state: Oid, summary: StateSummary & { wanted: boolean }): Promise<boolean>;
  /**
   * Gives a session back. @param notBeforeMs how long no host should claim it
   * @returns false if this host no longer has it, or an act arrived
   */
  giveBack(held: Held, rest: { wanted: boolean; notBeforeMs?: number }): Promise<boolean>;
  /** Sends a command to the current or next host of the session. Idempotent by the command's ULID. */
  act(session: Ulid, id: Ulid, command: string): Promise<void>;
  /** Removes acts that the published log answers. */
  settle(acts: readonly RemoteCommand[]): Promise<void>;
  /** Resolves early when something may have changed (LISTEN), otherwise after `ms`. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Held {
  id: Ulid;
  epoch: number;
}
