import { createHash } from 'node:crypto';
import { constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as z from 'zod';
import { systemErrorCode } from '../base/errors.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { countingEvents } from './event-chain.ts';
import { parseEvent, type SessionEvent } from './events.ts';
import { fold } from './fold.ts';
import { linesFrom } from './log-lines.ts';
import type { SessionPaths } from './paths.ts';
import { emptyState, SessionState } from './state.ts';

/** How many bytes before the cached offset must be unchanged for a cached state to count. */
const TAIL_BYTES = 4096;
const MAX_CACHE_BYTES = 64 * 1024 * 1024;
/** The end of a log that is looked at first for its newest events. */
const FIRST_WINDOW_BYTES = 32 * 1024;
/** Newest problems that a reading names; their number is not bounded otherwise. */
const NAMED_PROBLEMS = 20;

/** What the events of a session say, and where the reading stopped. */
export interface LogReading {
  state: SessionState;
  /** Bytes up to and including the last LF: behind it may stand half a line. */
  offset: number;
  /** Whole size of the file when it was read. */
  size: number;
  /** Hash of the bytes before `offset`, to tell later whether they are still the same. */
  tailHash: string;
  /** Lines that were left out, with the reason; the newest few. */
  problems: string[];
  /** Set when a newer samocode wrote here: the session may be looked at, not changed. */
  newerVersion?: number;
}

export interface ReadLogOptions {
  /** False for whoever acts on the outcome: the events alone are the truth, and a cache may be forged. */
  useCache?: boolean;
  onEvent?: (event: SessionEvent) => void;
}

/**
 * Raised whenever the fold or the shape of the state changes: a cache of another program is then left
 * alone, and so is one of a newer samocode, which may have folded events that we can't read.
 */
const CACHE_VERSION = 5;

/** `state.json`. */
const StateCache = z.object({
  v: z.literal(CACHE_VERSION),
  offset: z.int().nonnegative(),
  tailHash: z.string(),
  state: SessionState,
});

export function cacheText({
  offset,
  tailHash,
  state,
}: Pick<LogReading, 'offset' | 'tailHash' | 'state'>): string {
  return `${JSON.stringify({ v: CACHE_VERSION, offset, tailHash, state } satisfies z.infer<typeof StateCache>)}\n`;
}

/**
 * Folds a session's events, from the cached state when that fits the log, else from the start.
 * @returns undefined when there is no log
 */
export async function readLog(
  paths: Pick<SessionPaths, 'events' | 'state'>,
  { useCache = true, onEvent }: ReadLogOptions = {},
): Promise<LogReading | undefined> {
  return await withLog(paths.events, async (handle) => {
    const start = useCache ? await cachedStart(handle, paths.state) : emptyStart();
    return await foldFrom(handle, start, onEvent);
  });
}

/** The events behind number `after`, oldest first, read backwards from the end of the file. */
export async function readEvents(eventsPath: string, after: number): Promise<SessionEvent[]> {
  const events = await withLog(eventsPath, async (handle) => {
    const { size } = await handle.stat();
    for (let window = after === 0 ? size : FIRST_WINDOW_BYTES; ; window *= 4) {
      const from = Math.max(0, size - window);
      const found = await eventsFrom(handle, from);
      if (from === 0 || (found[0] !== undefined && found[0].n <= after + 1)) return found;
    }
  });
  return (events ?? []).filter(({ n }) => n > after);
}

/** The events that count behind `offset`, which may lie within a line. */
async function eventsFrom(handle: FileHandle, offset: number): Promise<SessionEvent[]> {
  const read: SessionEvent[] = [];
  for await (const { text } of linesFrom(handle, offset)) {
    const reading = parseEvent(text);
    if (reading.kind === 'event') read.push(reading.event);
  }
  return countingEvents(read, offset === 0);
}

/** Runs `read` on the open log; undefined when none is there, or when a link, folder or pipe stands in its place. */
async function withLog<T>(
  eventsPath: string,
  read: (handle: FileHandle) => Promise<T>,
): Promise<T | undefined> {
  const handle = await openPlain(eventsPath);
  if (handle === undefined) return undefined;
  try {
    return (await handle.stat()).isFile() ? await read(handle) : undefined;
  } finally {
    await handle.close();
  }
}

// Opening a pipe that nobody writes to would hang every reader.
async function openPlain(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO'].includes(code)) return undefined;
    throw error;
  }
}

type Start = Pick<LogReading, 'state' | 'offset' | 'problems'>;

function emptyStart(): Start {
  return { state: emptyState(), offset: 0, problems: [] };
}

async function cachedStart(handle: FileHandle, statePath: string): Promise<Start> {
  const reading = await readPlainFile(statePath, MAX_CACHE_BYTES);
  if (reading.kind !== 'bytes') return emptyStart();
  try {
    const { offset, tailHash, state } = StateCache.parse(JSON.parse(reading.bytes.toString('utf8')));
    return tailHashAt(handle.fd, offset) === tailHash ? { state, offset, problems: [] } : emptyStart();
  } catch {
    return emptyStart();
  }
}

async function foldFrom(
  handle: FileHandle,
  start: Start,
  onEvent?: (event: SessionEvent) => void,
): Promise<LogReading> {
  let { state, offset } = start;
  let newerVersion: number | undefined;
  const problems = [...start.problems];
  for await (const line of linesFrom(handle, offset)) {
    offset = line.end;
    const reading = parseEvent(line.text);
    const problem = problemOf(reading, state);
    if (reading.kind === 'newer') newerVersion = reading.version;
    if (problem !== undefined) {
      problems.push(problem);
      if (problems.length > NAMED_PROBLEMS) problems.shift();
    } else if (reading.kind === 'event') {
      state = fold(state, reading.event);
      onEvent?.(reading.event);
    }
  }
  const { size } = await handle.stat();
  const tailHash = tailHashAt(handle.fd, offset) ?? '';
  return { state, offset, size, tailHash, problems, ...(newerVersion !== undefined && { newerVersion }) };
}

/** Why a line does not count after `state`; undefined for one that does, or that a newer samocode wrote. */
function problemOf(reading: ReturnType<typeof parseEvent>, { n, lease }: SessionState): string | undefined {
  switch (reading.kind) {
    case 'newer':
      return undefined;
    case 'malformed':
      return `after event ${n}: ${reading.problem}`;
    case 'event':
      if (reading.event.n !== n + 1) return `event ${reading.event.n} after event ${n}`;
      return reading.event.lease < lease
        ? `event ${reading.event.n} of a worker without the lease`
        : undefined;
    default:
      return reading satisfies never;
  }
}

/** Hash of the bytes before `offset`; undefined when the file is shorter. */
export function tailHashAt(descriptor: number, offset: number): string | undefined {
  const length = Math.min(TAIL_BYTES, offset);
  const bytes = Buffer.alloc(length);
  const bytesRead = readSync(descriptor, bytes, 0, length, offset - length);
  if (bytesRead < length) return undefined;
  return createHash('sha256').update(bytes).digest('hex');
}
