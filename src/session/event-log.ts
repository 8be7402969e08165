import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { ifExists } from '../base/errors.ts';
import { parseEvent, type SessionEvent } from './events.ts';
import { fold } from './fold.ts';
import type { SessionPaths } from './paths.ts';
import { emptyState, SessionState } from './state.ts';

/** How many bytes before the cached offset must be unchanged for a cached state to count. */
const TAIL_BYTES = 4096;
const PIECE_BYTES = 256 * 1024;
const LF = 0x0a;

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

/**
 * Folds a session's events, from the cached state when that fits the log, else from the start.
 * @returns undefined when there is no log
 */
export async function readLog(
  paths: Pick<SessionPaths, 'events' | 'state'>,
): Promise<LogReading | undefined> {
  const handle = await ifExists(open(paths.events, 'r'));
  if (handle === undefined) return undefined;
  try {
    const start = await cachedStart(handle, paths.state);
    return await foldFrom(handle, start);
  } finally {
    await handle.close();
  }
}

/** Folds what was appended behind an earlier reading; starts anew when the file is another one. */
export async function readOn(
  paths: Pick<SessionPaths, 'events' | 'state'>,
  earlier: LogReading,
): Promise<LogReading | undefined> {
  const handle = await ifExists(open(paths.events, 'r'));
  if (handle === undefined) return undefined;
  try {
    const same = (await tailHashAt(handle, earlier.offset)) === earlier.tailHash;
    return await foldFrom(handle, same ? earlier : emptyStart());
  } finally {
    await handle.close();
  }
}

/** The events behind number `after`, oldest first, read backwards from the end of the file. */
export async function readEvents(eventsPath: string, after: number): Promise<SessionEvent[]> {
  const handle = await ifExists(open(eventsPath, 'r'));
  if (handle === undefined) return [];
  try {
    const { size } = await handle.stat();
    for (let window = PIECE_BYTES; ; window *= 4) {
      const events = await eventsFrom(handle, Math.max(0, size - window));
      const oldest = events[0];
      if (size <= window || (oldest !== undefined && oldest.n <= after + 1)) {
        return events.filter((event) => event.n > after);
      }
    }
  } finally {
    await handle.close();
  }
}

/** Whole events behind `offset`, which may lie within a line. Numbers out of order are left out. */
async function eventsFrom(handle: FileHandle, offset: number): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const line of linesFrom(handle, offset)) {
    const reading = parseEvent(line.text);
    const last = events.at(-1);
    if (reading.kind === 'event' && (last === undefined || reading.event.n === last.n + 1))
      events.push(reading.event);
  }
  return events;
}

export interface StateCache {
  n: number;
  offset: number;
  tailHash: string;
  state: SessionState;
}

type Start = Pick<LogReading, 'state' | 'offset' | 'problems'>;

function emptyStart(): Start {
  return { state: emptyState(), offset: 0, problems: [] };
}

async function cachedStart(handle: FileHandle, statePath: string): Promise<Start> {
  const text = await ifExists(readFile(statePath, 'utf8'));
  if (text === undefined) return emptyStart();
  try {
    const { offset, tailHash, state } = JSON.parse(text) as Record<string, unknown>;
    if (typeof offset !== 'number' || (await tailHashAt(handle, offset)) !== tailHash) return emptyStart();
    return { state: SessionState.parse(state), offset, problems: [] };
  } catch {
    return emptyStart();
  }
}

async function foldFrom(handle: FileHandle, start: Start): Promise<LogReading> {
  let { state, offset } = start;
  const problems = [...start.problems];
  let newerVersion: number | undefined;
  for await (const line of linesFrom(handle, offset)) {
    offset = line.end;
    const reading = parseEvent(line.text);
    if (reading.kind === 'newer') newerVersion = reading.version;
    else if (reading.kind === 'malformed') problems.push(`after event ${state.n}: ${reading.problem}`);
    else if (reading.event.n !== state.n + 1)
      problems.push(`event ${reading.event.n} after event ${state.n}`);
    else if (reading.event.lease < state.lease)
      problems.push(`event ${reading.event.n} of a worker without the lease`);
    else state = fold(state, reading.event);
  }
  const { size } = await handle.stat();
  const tailHash = (await tailHashAt(handle, offset)) ?? '';
  const newest = problems.slice(-20);
  return {
    state,
    offset,
    size,
    tailHash,
    problems: newest,
    ...(newerVersion !== undefined && { newerVersion }),
  };
}

/** The complete lines of a file from `offset` on; a last line without LF does not count. */
async function* linesFrom(handle: FileHandle, offset: number): AsyncGenerator<{ text: string; end: number }> {
  const piece = Buffer.alloc(PIECE_BYTES);
  let rest: Buffer[] = [];
  let restBytes = 0;
  let position = offset;
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) return;
    let from = 0;
    for (let lf = piece.indexOf(LF, from); lf !== -1 && lf < bytesRead; lf = piece.indexOf(LF, from)) {
      const text = Buffer.concat([...rest, piece.subarray(from, lf)]).toString('utf8');
      rest = [];
      restBytes = 0;
      from = lf + 1;
      yield { text, end: position + from };
    }
    if (from < bytesRead) {
      rest.push(Buffer.from(piece.subarray(from, bytesRead)));
      restBytes += bytesRead - from;
    }
    position += bytesRead;
    if (restBytes > 64 * 1024 * 1024) return;
  }
}

/** Undefined when the file is shorter than `offset`. */
export async function tailHashAt(handle: FileHandle, offset: number): Promise<string | undefined> {
  const length = Math.min(TAIL_BYTES, offset);
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset - length);
  if (bytesRead < length) return undefined;
  return createHash('sha256').update(bytes).digest('hex');
}
