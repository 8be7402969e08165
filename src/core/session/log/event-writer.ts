import * as z from 'zod';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { AppendOnlyFile } from '../../kernel/files/append-only-file.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { OwnedLease } from '../../kernel/processes/lease.ts';
import { FORMAT_VERSION } from '../events/bodies/format.ts';
import type { GivenTexts } from '../events/bodies/session-file.ts';
import { type NewEvent, parseEvent, type SessionEvent, serialiseEvent } from '../events/events.ts';
import { fold } from '../events/fold.ts';
import type { SessionState } from '../events/state.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { otherBuildError } from '../layout/session-errors.ts';
import { cacheText, emptyStart, type LogReading, quarantineLog, readLog, tailHashAt } from './event-log.ts';

/** Events between two writes of the cached state: the maximum that a reader must fold. */
const CACHE_EVERY = 16;

/**
 * The only writer of a session's events. Every append checks the lease and is on disk before it counts. Lines appended
 * by other programs never count; a log that they rewrote or replaced is quarantined.
 */
export class EventWriter implements Disposable {
  #state: SessionState;
  #sinceCache = 0;
  #foreignAtMark = 0;
  #marked: string | undefined;
  readonly #parts: WriterParts;
  /** Bytes of an incomplete last commit that were cut off when the log was opened. */
  readonly truncatedBytes: number;
  /** The newest lines that do not count, with the reason. */
  readonly problems: readonly string[];

  private constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#state = parts.reading.state;
    this.truncatedBytes = parts.reading.size - parts.reading.offset;
    this.problems = parts.reading.problems;
  }

  /**
   * Opens the log for the owner of `lease`, truncates it to its last complete commit and folds it from the start: a
   * cached state may be shown, but not acted on.
   */
  static async open(
    paths: SessionPaths,
    lease: OwnedLease,
    clock: Clock,
    before?: LogBefore,
  ): Promise<EventWriter> {
    const { log, answered } = await readBefore(paths, before);
    const reading: WriterParts['reading'] = log ?? { ...emptyStart(), size: 0 };
    const file = await AppendOnlyFile.open(paths.events, reading.offset, () => lease.check());
    return new EventWriter({ paths, lease, clock, reading, file, answered });
  }

  /** The fold of the events on disk. */
  get state(): SessionState {
    return this.#state;
  }

  get lease(): number {
    return this.#parts.lease.number;
  }

  /** Whether a command, however old, has an event. */
  isAnswered(commandId: string): boolean {
    return this.#parts.answered.has(commandId);
  }

  /**
   * Numbers the events, writes them as one commit and waits until they are on disk.
   *
   * @throws the system error when the disk is full; log and state are unchanged
   */
  async append(...events: readonly NewEvent[]): Promise<SessionEvent[]> {
    if (events.length === 0) return [];
    const lines = this.#number(events).map(serialiseEvent);
    const numbered = lines.map(asRead);
    crashPoint('before-events');
    const bytes = Buffer.from(lines.join(''));
    // Without it, a worker counts as one that died, and a power cut ends them all.
    const mayBeLost = events.every(({ type }) => type === 'worker_left');
    await this.#asideIfRewritten(() => this.#parts.file.append(bytes, { mayBeLost }));
    crashPoint('after-events');
    for (const event of numbered) recordAnswer(this.#parts.answered, event);
    this.#state = numbered.reduce(fold, this.#state);
    this.#sinceCache += numbered.length;
    if (this.#sinceCache >= CACHE_EVERY) this.writeCache();
    return numbered;
  }

  mark(): LogMark {
    const { size, print, foreignBytes } = this.#parts.file;
    this.#foreignAtMark = foreignBytes;
    this.#marked = print;
    return { n: this.#state.n, bytes: size, print };
  }

  /**
   * Whether another program changed the log since `mark` was taken. Bytes after the mark were written by a worker, or
   * are found by reading the file.
   */
  async isChangedSince(mark: LogMark): Promise<boolean> {
    await this.#parts.lease.check();
    const hasMore = await this.#asideIfRewritten(async () => this.#parts.file.hasMore());
    if (hasMore || this.#parts.file.foreignBytes > this.#foreignAtMark) return true;
    // For the mark that this writer took last, all bytes have just been compared.
    return mark.print !== this.#marked && this.#parts.file.printOf(mark.bytes) !== mark.print;
  }

  /** Saves the fold, so that readers need not start at the first event. Losing it costs only time. */
  writeCache(): void {
    try {
      const offset = this.#parts.file.size;
      const tailHash = tailHashAt(this.#parts.file.descriptor, offset) ?? '';
      writeUnsynced(this.#parts.paths.state, cacheText({ offset, tailHash, state: this.#state }));
      this.#sinceCache = 0;
    } catch {
      // The cache is written again after a few more events.
    }
  }

  /** Quarantines a log that is no longer the one this writer wrote, so that no reader trusts it. */
  async #asideIfRewritten<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!BASE_ERRORS.file_rewritten.is(error)) throw error;
      await this.#parts.lease.check();
      if (!this.#isMovedAway()) quarantineLog(this.#parts.paths);
      throw error;
    }
  }

  /** Whether the run folder was moved away while no agent was running: by a person, so do not create it again. */
  #isMovedAway(): boolean {
    return this.#state.openIteration === undefined && statsAt(this.#parts.paths.runDir) === undefined;
  }

  [Symbol.dispose](): void {
    this.#parts.file[Symbol.dispose]();
  }

  #number(events: readonly NewEvent[]): SessionEvent[] {
    const at = isoUtc(this.#parts.clock.now());
    return events.map((event, index) => {
      const envelope = {
        v: FORMAT_VERSION,
        n: this.#state.n + 1 + index,
        at,
        lease: this.#parts.lease.number,
        // A crash might write only some of them: readers accept all of a commit or nothing.
        ...(index < events.length - 1 && { more: true as const }),
      };
      // The spread keeps type and body together, which TypeScript cannot infer for the union.
      return { ...envelope, ...event } as SessionEvent;
    });
  }
}

/** What a writer knows of the events before its own. */
export interface LogBefore {
  log: LogReading | undefined;
  /** The commands that have an event. */
  answered: Set<string>;
  /** The texts that were given at the start, once it is recorded. */
  given?: GivenTexts | undefined;
}

/**
 * Reads a log for its writer, from the events only: a cached state could be forged, or written by a newer program.
 * @param before an earlier reading: only what follows it is read
 */
export async function readBefore(
  paths: Pick<SessionPaths, 'folder' | 'events' | 'state'>,
  before: LogBefore = { log: undefined, answered: new Set() },
): Promise<LogBefore> {
  const { answered } = before;
  let { given } = before;
  const onEvent = (event: SessionEvent) => {
    recordAnswer(answered, event);
    if (event.type === 'session_created') given = event.given ?? {};
  };
  const log = await readLog(paths, { from: before.log, useCache: false, onEvent });
  if (log?.otherBuild !== undefined) throw otherBuildError(paths.folder, log.otherBuild);
  return { log, answered, given };
}

/** How far a log was written, with a fingerprint of its bytes up to there. */
export const LogMark = z.object({ n: z.int(), bytes: z.int(), print: z.string() });
export type LogMark = z.infer<typeof LogMark>;

interface WriterParts {
  paths: SessionPaths;
  lease: OwnedLease;
  clock: Clock;
  reading: Omit<LogReading, 'tailHash'>;
  file: AppendOnlyFile;
  answered: Set<string>;
}

/**
 * The event as readers will parse it. They would ignore an event that they cannot parse and everything written after
 * it.
 */
function asRead(line: string): SessionEvent {
  const reading = parseEvent(line);
  if (reading.kind === 'event') return reading.event;
  throw new Error(`An event is not fit to be written: ${JSON.stringify(reading)}: ${line.slice(0, 300)}`);
}

function recordAnswer(answered: Set<string>, event: SessionEvent): void {
  if (event.type === 'command_accepted' || event.type === 'command_refused') answered.add(event.id);
}
