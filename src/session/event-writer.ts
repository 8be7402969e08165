import { type FileHandle, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { writeFully, writeWhole } from '../base/atomic-file.ts';
import { type Clock, isoUtc } from '../base/clock.ts';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { crashPoint } from '../base/fault-points.ts';
import type { OwnedLease } from '../base/lease.ts';
import { type LogReading, readLog, type StateCache, tailHashAt } from './event-log.ts';
import { FORMAT_VERSION, type NewEvent, type SessionEvent, serialiseEvent } from './events.ts';
import { fold } from './fold.ts';
import type { SessionPaths } from './paths.ts';
import { emptyState, type SessionState } from './state.ts';

/** Events between two writings of the cached state: the most that a reader has to fold by itself. */
const CACHE_EVERY = 16;

export class NewerFormatError extends SamocodeError {
  readonly code = 'newer_format';

  constructor(version: number) {
    super(
      'The session was not opened for writing.',
      `A newer samocode wrote its events (format ${version}; this one knows ${FORMAT_VERSION}).`,
      'Update samocode on this machine. Reading works.',
    );
  }
}

/** What was found wrong with the log since the worker's own last write. */
export interface Tampering {
  what: 'log_replaced' | 'log_appended' | 'log_truncated' | 'log_rewritten';
  detail: string;
}

/**
 * The one writer of a session's events. Every append checks the lease, goes to disk before it counts,
 * and finds out whether somebody else touched the log since the last one.
 */
export class EventWriter implements AsyncDisposable {
  #state: SessionState;
  #handle: FileHandle;
  #offset: number;
  #tailHash: string;
  #identity: string;
  #sinceCache = 0;
  /** Bytes of a torn last line that were cut off when the log was opened. */
  readonly truncatedBytes: number;
  readonly problems: readonly string[];
  readonly #paths: SessionPaths;
  readonly #lease: OwnedLease;
  readonly #clock: Clock;

  private constructor(parts: WriterParts) {
    this.#paths = parts.paths;
    this.#lease = parts.lease;
    this.#clock = parts.clock;
    this.#handle = parts.handle;
    this.#state = parts.reading.state;
    this.#offset = parts.reading.offset;
    this.#tailHash = parts.reading.tailHash;
    this.#identity = parts.identity;
    this.truncatedBytes = parts.reading.size - parts.reading.offset;
    this.problems = parts.reading.problems;
  }

  /** Opens the log for the owner of `lease` and cuts it to its last complete line. */
  static async open(paths: SessionPaths, lease: OwnedLease, clock: Clock): Promise<EventWriter> {
    const reading = (await readLog(paths)) ?? emptyReading();
    if (reading.newerVersion !== undefined) throw new NewerFormatError(reading.newerVersion);
    const handle = await open(paths.events, 'a+', 0o644);
    await lease.check();
    if (reading.size > reading.offset) await handle.truncate(reading.offset);
    await handle.sync();
    const identity = await identityOf(handle);
    return new EventWriter({ paths, lease, clock, reading, handle, identity });
  }

  get state(): SessionState {
    return this.#state;
  }

  get lease(): number {
    return this.#lease.number;
  }

  /**
   * Numbers the events, writes them in one piece and waits until they are on disk.
   * @throws LeaseLostError when another worker took over; nothing is written then
   * @throws the system error when the disk takes no more; the log is cut back to what it was
   */
  async append(...events: readonly NewEvent[]): Promise<SessionEvent[]> {
    if (events.length === 0) return [];
    const at = isoUtc(this.#clock.now());
    const numbered = events.map((event, index) => {
      const envelope = { v: FORMAT_VERSION, n: this.#state.n + 1 + index, at, lease: this.#lease.number };
      // The spread keeps type and body together, which the union's own type can't follow.
      return { ...envelope, ...event } as SessionEvent;
    });
    const bytes = Buffer.from(numbered.map(serialiseEvent).join(''));
    await this.#lease.check();
    crashPoint('before-events');
    await this.#write(bytes);
    crashPoint('after-events');
    this.#state = numbered.reduce(fold, this.#state);
    this.#sinceCache += numbered.length;
    if (this.#sinceCache >= CACHE_EVERY) await this.writeCache();
    return numbered;
  }

  /** Compares the log with what the last own write left; puts back what is ours and says what was wrong. */
  async findTampering(): Promise<Tampering | undefined> {
    const here = await ifExists(stat(this.#paths.events));
    const own = await this.#handle.stat();
    if (here === undefined || here.ino !== own.ino || here.dev !== own.dev) return this.#putBack();
    if (fingerprint(own) === this.#identity) return undefined;
    const intact = (await tailHashAt(this.#handle, this.#offset)) === this.#tailHash;
    const grown = own.size - this.#offset;
    if (grown > 0) await this.#handle.truncate(this.#offset);
    this.#identity = await identityOf(this.#handle);
    if (own.size < this.#offset) return { what: 'log_truncated', detail: `${-grown} bytes were cut off` };
    if (!intact) return { what: 'log_rewritten', detail: 'its newest lines differ from what was written' };
    if (grown > 0) return { what: 'log_appended', detail: `${grown} foreign bytes were removed` };
    return undefined;
  }

  /** Saves the fold, so that readers need not begin at the first event. Losing it costs nothing but time. */
  async writeCache(): Promise<void> {
    const cache: StateCache = {
      n: this.#state.n,
      offset: this.#offset,
      tailHash: this.#tailHash,
      state: this.#state,
    };
    const draft = `${this.#paths.state}.draft`;
    try {
      await writeFile(draft, `${JSON.stringify(cache)}\n`);
      await rename(draft, this.#paths.state);
      this.#sinceCache = 0;
    } catch {
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      await writeFully(this.#handle, bytes);
      await this.#handle.datasync();
    } catch (error) {
      // Half a line must not stay in front of the next whole one.
      await this.#handle.truncate(this.#offset).catch(() => undefined);
      throw error;
    }
    this.#offset += bytes.length;
    this.#tailHash = (await tailHashAt(this.#handle, this.#offset)) ?? '';
    this.#identity = await identityOf(this.#handle);
  }

  // The open descriptor still holds the true log, also when its name was taken away.
  async #putBack(): Promise<Tampering> {
    const bytes = Buffer.alloc(this.#offset);
    await this.#handle.read(bytes, 0, bytes.length, 0);
    await writeWhole(this.#paths.events, bytes);
    await this.#handle.close();
    this.#handle = await open(this.#paths.events, 'a+', 0o644);
    this.#identity = await identityOf(this.#handle);
    return { what: 'log_replaced', detail: 'the file under its name was another one' };
  }
}

interface WriterParts {
  paths: SessionPaths;
  lease: OwnedLease;
  clock: Clock;
  reading: LogReading;
  handle: FileHandle;
  identity: string;
}

function emptyReading(): LogReading {
  return { state: emptyState(), offset: 0, size: 0, tailHash: '', problems: [] };
}

async function identityOf(handle: FileHandle): Promise<string> {
  return fingerprint(await handle.stat());
}

function fingerprint(stats: { size: number; ctimeMs: number; ino: number }): string {
  return `${stats.ino}:${stats.size}:${stats.ctimeMs}`;
}
