/** The ULID of a session or of a command. */
export type Ulid = string;
/** A git object id. */
export type Oid = string;

/** What a machine brings to a pool, for one project. */
export interface HostCard {
  /** Random, made at `pool join`; never the machine's own id. */
  id: string;
  /** For people: the machine's name. */
  name: string;
  /** The root commit of the project's repository: clones share it, whatever their remotes are called. */
  project: Oid;
  /** What sessions may need: `claude`, `codex`, `guard`, `strict`. */
  labels: readonly string[];
}

/** What lists show of a session without its files; never used for decisions. */
export interface StateCard {
  /** The kind of its status. */
  status: string;
  phase: string;
  iteration: number;
  /** When the state was kept, ISO 8601. */
  at: string;
}

export interface Entry {
  id: Ulid;
  project: Oid;
  folder: string;
  /** The host that has it; undefined while nobody has. */
  host?: string;
  /** Grows with every host that has it: the fencing token between hosts. */
  epoch: number;
  /** It has work to do. One that waits for a person is not claimed until an act arrives. */
  wanted: boolean;
  needs: readonly string[];
  /** The newest published state, as far as the board knows. */
  state?: Oid;
  card?: StateCard;
}

export interface Claim extends Entry {
  host: string;
  /** The host that did not give it back: it may still believe that it has the session. */
  from?: string;
  /** The state commit by which the claim itself moved the session's ref; otherwise the claimer moves it. */
  moved?: Oid;
}

/** A command file of today on its way to the host that has the session. */
export interface SentAct {
  /** The command's own ULID: a second delivery is dropped. */
  id: Ulid;
  session: Ulid;
  /** The bytes of the command file. */
  command: string;
  /** Who sent it, as the board knows it: the login role of the database, or the signing key's name. */
  person: string;
}

/** What a host finds at each renewal. */
export interface Renewal {
  /** The sessions that this host has; one that is missing is lost. */
  held: ReadonlyMap<Ulid, number>;
  /** Acts for those sessions that are not settled. */
  acts: readonly SentAct[];
  /** Every session of the project. */
  entries: readonly Entry[];
}

/**
 * Who works on which session. It may be wrong, slow or away: then agents wait, or an iteration is paid for twice, but
 * nothing is lost and nothing is written twice, because the session's ref on the remote is moved by compare-and-swap.
 * Every call rejects when the board cannot be reached, within its own time limit.
 */
export interface Board extends AsyncDisposable {
  /** Renews all leases of this host at once. */
  renew(host: HostCard): Promise<Renewal>;
  /** The machines that are not silent: for people, never for decisions. */
  hosts(project: Oid): Promise<HostCard[]>;
  /** Makes a session known whose first state is on the remote. Nobody has it yet. Idempotent. */
  offer(session: Pick<Entry, 'id' | 'project' | 'folder' | 'needs' | 'state'>): Promise<void>;
  /** Takes up to `free` sessions that are wanted and that nobody has, or whose host was silent for a whole lease. */
  claim(host: HostCard, free: number): Promise<Claim[]>;
  /** After a state was pushed: what lists show. @returns false when this host does not have the session any more */
  index(held: Held, state: Oid, card: StateCard & { wanted: boolean }): Promise<boolean>;
  /**
   * Gives a session back. @param notBefore milliseconds from now before anybody should claim it
   * @returns false when it is not this host's any more, or an act arrived
   */
  giveBack(held: Held, rest: { wanted: boolean; state: Oid; notBeforeMs?: number }): Promise<boolean>;
  /** Sends a command to whoever has the session or will have it. Idempotent by the command's ULID. */
  act(session: Ulid, id: Ulid, command: string): Promise<void>;
  /** The published log has the act's event. */
  settle(acts: readonly SentAct[]): Promise<void>;
  /** Resolves early when something may have changed (LISTEN), else after `ms`. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
}

/** A session as this host holds it. */
export interface Held {
  id: Ulid;
  host: string;
  epoch: number;
}
