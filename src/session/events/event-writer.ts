import * as z from 'zod';
import { BASE_ERRORS } from '../../base/base-errors.ts';
import { type Clock, isoUtc } from '../../base/clock.ts';
import { crashPoint } from '../../base/fault-points.ts';
import { AppendOnlyFile } from '../../base/files/append-only-file.ts';
import { writeLightly } from '../../base/files/atomic-file.ts';
import { statsAt } from '../../base/files/path-stats.ts';
import type { OwnedLease } from '../../base/processes/lease.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { cacheText, emptyStart, type LogReading, putLogAside, readLog, tailHashAt } from './event-log.ts';
import { FORMAT_VERSION, type NewEvent, parseEvent, type SessionEvent, serialiseEvent } from './events.ts';
import { fold } from './fold.ts';
import type { SessionState } from './state.ts';

/** Events between two writings of the cached state: the most that a reader has to fold by itself. */
const CACHE_EVERY = 16;

/**
 * The one writer of a session's events. Every append checks the lease and goes to disk before it counts. What others
 * append never counts; a log that they rewrote or replaced is put aside.
 */
export class EventWriter implements Disposable {
  /** The fold of what is on disk, and the one of what is staged behind it. */
  #written: SessionState;
  #state: SessionState;
  #staged: SessionEvent[] = [];
  #sinceCache = 0;
  #mark: LogMark | undefined;
  #foreignAtMark = 0;
  readonly #parts: WriterParts;
  /** Bytes of a torn last commit that were cut off when the log was opened. */
  readonly truncatedBytes: number;
  /** Lines that do not count, with the reason; the newest few. */
  readonly problems: readonly string[];

  private constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#written = parts.reading.state;
    this.#state = parts.reading.state;
    this.truncatedBytes = parts.reading.size - parts.reading.offset;
    this.problems = parts.reading.problems;
  }

  /**
   * Opens the log for the owner of `lease`, cuts it to its last whole commit and folds it from the start:
   * a cached state is good enough to be shown, not to be acted on.
   * @throws newer_format lease_lost
   */
  static async open(paths: SessionPaths, lease: OwnedLease, clock: Clock): Promise<EventWriter> {
    const answered = new Set<string>();
    const onEvent = (event: SessionEvent) => noteAnswer(answered, event);
    const log = await readLog(paths, { useCache: false, onEvent });
    const reading: WriterParts['reading'] = log ?? { ...emptyStart(), size: 0 };
    if (reading.newer !== undefined) throw SESSION_ERRORS.newer_format({ newer: reading.newer });
    const file = await AppendOnlyFile.open(paths.events, reading.offset, () => lease.check());
    return new EventWriter({ paths, lease, clock, reading, file, answered });
  }

  get state(): SessionState {
    return this.#state;
  }

  get lease(): number {
    return this.#parts.lease.number;
  }

  /** Whether a command, however old, has had its event; one that is only staged will be written. */
  isAnswered(commandId: string): boolean {
    return (
      this.#parts.answered.has(commandId) || this.#staged.some((event) => answeredBy(event) === commandId)
    );
  }

  /**
   * Numbers the events, writes them in one piece and waits until they are on disk.
   * @throws lease_lost when another worker took over; nothing is written then
   * @throws file_rewritten when the log is lost
   * @throws the system error when the disk takes no more; log and state are what they were
   */
  async append(...events: readonly NewEvent[]): Promise<SessionEvent[]> {
    if (events.length === 0 && this.#staged.length === 0) return [];
    const { length } = this.#staged;
    this.stage(...events);
    try {
      return await this.commit();
    } catch (error) {
      this.#staged = this.#staged.slice(0, length);
      this.#state = this.#staged.reduce(fold, this.#written);
      throw error;
    }
  }

  /** Numbers events and folds them into the state; they are written with the next commit. */
  stage(...events: readonly NewEvent[]): void {
    const numbered = this.#number(events, this.#state.n);
    this.#state = numbered.reduce(fold, this.#state);
    this.#staged.push(...numbered);
  }

  /** Writes what was staged in one piece; throws as `append` does, and what was staged stays so. */
  async commit(): Promise<SessionEvent[]> {
    const events = this.#staged;
    if (events.length === 0) return [];
    crashPoint('before-events');
    const bytes = Buffer.from(asCommit(events).map(serialiseEvent).join(''));
    await this.#asideIfRewritten(() => this.#parts.file.append(bytes));
    crashPoint('after-events');
    for (const event of events) noteAnswer(this.#parts.answered, event);
    this.#staged = [];
    this.#written = events.reduce(fold, this.#written);
    this.#state = this.#written;
    this.#sinceCache += events.length;
    if (this.#sinceCache >= CACHE_EVERY) this.writeCache();
    return events;
  }

  mark(): LogMark {
    this.#mark = { n: this.#written.n, bytes: this.#parts.file.size, print: this.#parts.file.print };
    this.#foreignAtMark = this.#parts.file.foreignBytes;
    return this.#mark;
  }

  /**
   * Whether somebody else changed the log since `mark` was taken. What is behind its bytes was written by a worker, or
   * is found by reading the file.
   * @throws lease_lost: another owner's events are no foreign change; file_rewritten
   */
  async isChangedSince(mark: LogMark): Promise<boolean> {
    await this.#parts.lease.check();
    const hasMore = await this.#asideIfRewritten(async () => this.#parts.file.hasMore());
    if (hasMore || this.#parts.file.foreignBytes > this.#foreignAtMark) return true;
    return mark !== this.#mark && this.#parts.file.printOf(mark.bytes) !== mark.print;
  }

  /** Saves the fold, so that readers need not begin at the first event. Losing it costs nothing but time. */
  writeCache(): void {
    try {
      const offset = this.#parts.file.size;
      const tailHash = tailHashAt(this.#parts.file.descriptor, offset) ?? '';
      writeLightly(this.#parts.paths.state, cacheText({ offset, tailHash, state: this.#written }));
      this.#sinceCache = 0;
    } catch {
      // Written again after some more events.
    }
  }

  /** A log that is not the one we wrote is put where no reader takes it for the truth. */
  async #asideIfRewritten<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (BASE_ERRORS.file_rewritten.is(error) && !this.#isMovedAway()) putLogAside(this.#parts.paths);
      throw error;
    }
  }

  /** While no agent runs, that is a person's act, and the run folder is not created again. */
  #isMovedAway(): boolean {
    return this.#written.openIteration === undefined && statsAt(this.#parts.paths.runDir) === undefined;
  }

  [Symbol.dispose](): void {
    this.#parts.file[Symbol.dispose]();
  }

  #number(events: readonly NewEvent[], after: number): SessionEvent[] {
    const at = isoUtc(this.#parts.clock.now());
    return events.map((event, index) => {
      const envelope = { v: FORMAT_VERSION, n: after + 1 + index, at, lease: this.#parts.lease.number };
      // The spread keeps type and body together, which the union's own type can't follow.
      return asRead({ ...envelope, ...event } as SessionEvent);
    });
  }
}

/** How far a log was written, and by what its bytes up to there are known. */
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
 * An event as every reader will see it. One that readers can't take would end the log for them, with all
 * that is written behind it.
 */
function asRead(event: SessionEvent): SessionEvent {
  const reading = parseEvent(serialiseEvent(event));
  if (reading.kind === 'event') return reading.event;
  throw new Error(`A ${event.type} event is not fit to be written: ${JSON.stringify(reading)}`);
}

/** A page of the disk may end within it: readers take all of it or nothing. */
function asCommit(events: readonly SessionEvent[]): SessionEvent[] {
  return events.map((event, index) => (index < events.length - 1 ? { ...event, more: true } : event));
}

function noteAnswer(answered: Set<string>, event: SessionEvent): void {
  const id = answeredBy(event);
  if (id !== undefined) answered.add(id);
}

function answeredBy(event: SessionEvent): string | undefined {
  return event.type === 'command_accepted' || event.type === 'command_refused' ? event.id : undefined;
}
