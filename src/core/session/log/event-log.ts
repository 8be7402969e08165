import { closeSync, fstatSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { linesFrom } from '../../kernel/files/lines.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { openPlainFile, plainJson } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { EVENT_BODIES } from '../events/bodies/event-types.ts';
import { FORMAT_VERSION } from '../events/bodies/format.ts';
import { type EventReading, type OtherBuild, parseEvent, type SessionEvent } from '../events/events.ts';
import { fold } from '../events/fold.ts';
import { emptyState, SessionState } from '../events/state.ts';
import type { SessionPaths } from '../layout/paths.ts';

/** How many bytes before the cached offset must be unchanged for a cached state to count. */
const TAIL_BYTES = 4096;
/** How many of the newest problems a reading keeps. */
const NAMED_PROBLEMS = 20;

/** The fold of a session's events, and where the reading stopped. */
export interface LogReading {
  state: SessionState;
  /** Bytes up to the end of the last complete commit: an incomplete commit or line may follow. */
  offset: number;
  size: number;
  /** Hash of the bytes before `offset`, to detect later changes to them. */
  tailHash: string;
  /** The newest lines that were skipped, with the reason. */
  problems: string[];
  /** Set if another samocode wrote what this one cannot read: the session is shown, not changed. */
  otherBuild?: OtherBuild;
}

export interface ReadLogOptions {
  /** An earlier reading of the log: only what follows it is read, unless its bytes have changed. */
  from?: Start | undefined;
  /** False for callers that act on the result: only the events are authoritative, and a cache could be forged. */
  useCache?: boolean;
  /** The cached state counts only up to this event, so that all after it are read. */
  after?: number;
  /** Called for each event that is read, oldest first; the first has number 1 if none was known. */
  onEvent?: (event: SessionEvent) => void;
}

/** Increased whenever the fold or the state changes, so that caches of other versions are ignored. */
const CACHE_VERSION = 9;

/**
 * The names in the events that this build reads. In the cache of a build with others, events may be folded that this
 * one does not know, so it reads the log itself.
 */
const NAMES_READ = fingerprint(
  JSON.stringify(Object.entries(EVENT_BODIES).map(([type, { shape }]) => [type, ...Object.keys(shape)])),
);

const StateCache = z.object({
  v: z.literal(CACHE_VERSION),
  names: z.literal(NAMES_READ),
  offset: z.int().nonnegative(),
  tailHash: z.string(),
  state: SessionState,
});

export function cacheText({
  offset,
  tailHash,
  state,
}: Pick<LogReading, 'offset' | 'tailHash' | 'state'>): string {
  const cache: z.infer<typeof StateCache> = { v: CACHE_VERSION, names: NAMES_READ, offset, tailHash, state };
  return `${JSON.stringify(cache)}\n`;
}

/**
 * Folds a session's events: after an earlier reading or the cached state if it matches the log, otherwise from the start.
 * @returns undefined when there is no log
 */
export async function readLog(
  paths: Pick<SessionPaths, 'events' | 'state'>,
  { from, useCache = from === undefined, after = Infinity, onEvent }: ReadLogOptions = {},
): Promise<LogReading | undefined> {
  return await withLog(paths.events, async (log) => {
    const known = useCache ? await plainJson(paths.state, StateCache) : from;
    if (known === undefined || known.state.n > after || !isUnchanged(log, known))
      return foldFrom(log, emptyStart(), onEvent);
    const { state, offset, tailHash } = known;
    const problems = 'problems' in known ? known.problems : [];
    return foldFrom(log, { state, offset, tailHash, problems }, onEvent);
  });
}

/**
 * The events after number `after`, oldest first; earlier ones are read only if the cached state is ahead of `after`.
 * @param useCache false for callers that act on the result
 */
export async function readEvents(
  paths: Pick<SessionPaths, 'events' | 'state'>,
  after: number,
  { useCache = after > 0 }: Pick<ReadLogOptions, 'useCache'> = {},
): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  const onEvent = (event: SessionEvent) => {
    if (event.n > after) events.push(event);
  };
  await readLog(paths, { useCache, after, onEvent });
  return events;
}

/** Runs `read` on the open log; undefined if there is none, or if its path is a link, folder or pipe. */
async function withLog<T>(
  eventsPath: string,
  read: (descriptor: number) => T | Promise<T>,
): Promise<T | undefined> {
  const opened = openPlainFile(eventsPath);
  if (opened.kind !== 'opened') return undefined;
  try {
    return await read(opened.descriptor);
  } finally {
    closeSync(opened.descriptor);
  }
}

type Start = Pick<LogReading, 'state' | 'offset' | 'problems'> & Partial<Pick<LogReading, 'tailHash'>>;

export function emptyStart(): Start {
  return { state: emptyState(), offset: 0, problems: [] };
}

function isUnchanged(log: number, { offset, tailHash }: Omit<Start, 'problems'>): boolean {
  return tailHash !== undefined && tailHashAt(log, offset) === tailHash;
}

function foldFrom(log: number, start: Start, onEvent?: (event: SessionEvent) => void): LogReading {
  // What counts so far; `state` can be ahead of it by the events of an incomplete commit.
  let whole = start;
  let { state } = start;
  let commit: SessionEvent[] = [];
  let otherBuild: OtherBuild | undefined;
  let { problems } = start;
  for (const { text = '', end } of linesFrom(log, start.offset)) {
    const reading = parseEvent(text);
    otherBuild = otherBuildIn(reading, state);
    if (otherBuild !== undefined) {
      otherBuild.trace = `${writerOf(log, end)}${otherBuild.trace}`;
      break;
    }
    const problem = sequenceProblem(reading, state);
    if (problem !== undefined) problems = [...problems, problem].slice(-NAMED_PROBLEMS);
    else if (reading.kind === 'event') {
      state = fold(state, reading.event);
      commit.push(reading.event);
    }
    if (commit.at(-1)?.more) continue;
    for (const event of commit) onEvent?.(event);
    commit = [];
    whole = { state, offset: end, problems };
  }
  const { size } = fstatSync(log);
  const tailHash = whole.tailHash ?? tailHashAt(log, whole.offset) ?? '';
  return { ...whole, problems, size, tailHash, otherBuild };
}

function otherBuildIn(reading: EventReading, { n, lease }: SessionState): OtherBuild | undefined {
  if (reading.kind === 'newer')
    return { is: 'newer', trace: `format ${reading.version}; this one knows ${FORMAT_VERSION}` };
  if (reading.kind !== 'unknown' || reading.n !== n + 1 || reading.lease < lease) return undefined;
  return { is: reading.is, trace: `event ${reading.n} is of a kind that this one does not know` };
}

const Writer = z.looseObject({
  type: z.literal('worker_took_over'),
  // An agent without a guard can write any text here.
  version: z.string().regex(/^\d+(\.\d+){2}[\w.+-]{0,30}$/),
});

/** `0.3.0: `: the program whose line ends at `upTo`, if known. Each worker records its version when it takes over. */
function writerOf(log: number, upTo: number): string {
  let writer = '';
  for (const { text = '', end } of linesFrom(log, 0)) {
    const line = text.includes('"worker_took_over"') ? Writer.safeParse(parseJson(text)) : undefined;
    if (line?.success) writer = `${line.data.version}: `;
    if (end >= upTo) break;
  }
  return writer;
}

/** Why a line does not count after `state`; undefined if it does. */
function sequenceProblem(reading: EventReading, { n, lease }: SessionState): string | undefined {
  if (reading.kind === 'newer') return undefined;
  if (reading.kind !== 'event') return `after event ${n}: ${reading.problem}`;
  const { event } = reading;
  if (event.n !== n + 1) return `event ${event.n} after event ${n}`;
  return event.lease < lease ? `event ${event.n} of a worker without the lease` : undefined;
}

/** Shared: a buffer for each of a thousand sessions would keep the garbage collector busy. */
const TAIL = Buffer.alloc(TAIL_BYTES);

/** Hash of the bytes before `offset`; undefined when the file is shorter. */
export function tailHashAt(descriptor: number, offset: number): string | undefined {
  const length = Math.min(TAIL_BYTES, offset);
  const bytes = TAIL.subarray(0, length);
  const bytesRead = readSync(descriptor, bytes, 0, length, offset - length);
  if (bytesRead < length) return undefined;
  return fingerprint(bytes);
}

type LogPaths = Pick<SessionPaths, 'runDir' | 'events' | 'rewrittenEvents'>;

/** Moves the log aside, so that readers and later workers do not trust it. Its contents are kept. */
export function quarantineLog({ runDir, events, rewrittenEvents }: LogPaths): void {
  makeFolder(runDir);
  if (statsAt(events) !== undefined) {
    rmSync(rewrittenEvents, { recursive: true, force: true });
    renameSync(events, rewrittenEvents);
  } else if (statsAt(rewrittenEvents) === undefined) writeFileSync(rewrittenEvents, '');
}

/** True until a person restores the log: without it nothing in the session can be trusted. */
export function isLogQuarantined({ events, rewrittenEvents }: Omit<LogPaths, 'runDir'>): boolean {
  return statsAt(events) === undefined && statsAt(rewrittenEvents) !== undefined;
}
