import { join } from 'node:path';
import {
  noting,
  type TranscriptEntry,
  transcriptLines,
  transcriptOf,
} from '../../agents/reading/transcript.ts';
import { providerNamed } from '../../agents/registry.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import { lineStart, linesFrom } from '../../kernel/files/lines.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { withPlainFile } from '../../kernel/files/plain-file.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';

export interface ReadTranscriptInput extends SessionQuestion {
  /** Defaults to the newest iteration. */
  iteration?: number;
  /**
   * Where to start: `next` of the previous page; by default, the beginning. If negative, bytes from the end.
   */
  from?: number;
  limit?: number;
  /** Maximum characters of a page in JSON; a single event that is longer gets a page of its own. */
  maxChars?: number;
}

export interface TranscriptPage {
  view: SessionView;
  iteration: number;
  phase: Phase;
  provider: string;
  /** The raw log, with a line of JSON per event. */
  logPath: string;
  entries: TranscriptEntry[];
  /** The entries as lines to print. They contain text written by agents. */
  lines: string[];
  /** The position in the raw log where the next page begins. */
  next: number;
  hasMore: boolean;
  isRunning: boolean;
  /** The machine of the pool on which it ran, if not this one. At most the newest 256 kB of its log are here. */
  ranOn?: string;
}

const DEFAULT_LIMIT = 200;
/** Maximum raw bytes of a page; a longer line is omitted with a note. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** Characters shown from the end of a longer line if the page starts inside it. */
const TORN_CHARS = 2000;

/**
 * Reads one page of an agent's messages and acts from its raw log, bounded in size. For a running
 * agent, call it again with `next` until neither `isRunning` nor `hasMore` is true.
 */
export async function readTranscript(
  input: ReadTranscriptInput,
  context: ActionContext,
): Promise<TranscriptPage> {
  const view = await findSession(input, context);
  const { paths, state, sessionFile } = view;
  const events = await readEvents(paths, 0);
  const started = startOf(events, input.iteration);
  if (started === undefined) {
    const known = iterationsIn('iteration_started', events);
    throw READING_ERRORS.iteration_not_found({ session: paths.folder, iteration: input.iteration, known });
  }
  const { iteration, phase, provider, log } = started;
  const logPath = join(paths.logs, log);
  // Read the state before the log, so that what is written in between is left for the next page.
  const isRunning = state.openIteration?.iteration === iteration;
  const { isTorn: _, ...page } = await transcriptPage(logPath, { ...input, provider, isRunning });
  const lines = transcriptLines(page.entries);
  const ranOn = await machineOf(started, events, { home: context.home, configPath: sessionFile?.configPath });
  return { view, iteration, phase, provider, logPath, lines, isRunning, ranOn, ...page };
}

async function machineOf(
  { n: begun }: SessionEvent,
  events: readonly SessionEvent[],
  { home, configPath }: Pick<ActionContext, 'home'> & { configPath: string | undefined },
): Promise<string | undefined> {
  const before = events.findLast(({ type, n }) => type === 'worker_took_over' && n < begun);
  const host = before?.type === 'worker_took_over' ? before.host : undefined;
  if (host === undefined) return undefined;
  return host === (await fromExtensions('pools')[0]?.nameHere({ home }, configPath)) ? undefined : host;
}

function startOf(events: readonly SessionEvent[], iteration: number | undefined) {
  return events.findLast(
    (event): event is Extract<SessionEvent, { type: 'iteration_started' }> =>
      event.type === 'iteration_started' && (iteration === undefined || event.iteration === iteration),
  );
}

/**
 * The first and last iteration in the events, undefined if there are none. Unlike the overview, it does not
 * count iterations of the Python samocode.
 */
export function iterationsIn(
  type: 'iteration_started' | 'iteration_ended',
  events: readonly SessionEvent[],
): { first: number; last: number } | undefined {
  const numbers = events.flatMap((event) => (event.type === type ? [event.iteration] : []));
  return numbers.length === 0 ? undefined : { first: Math.min(...numbers), last: Math.max(...numbers) };
}

interface PageQuestion extends Pick<ReadTranscriptInput, 'from' | 'limit' | 'maxChars'> {
  provider: string;
  /** If false, the log is complete, and a last line without LF counts. */
  isRunning: boolean;
}

interface Page extends Pick<TranscriptPage, 'entries' | 'next' | 'hasMore'> {
  /** It begins inside a line that is too long to be read whole. */
  isTorn: boolean;
}

export async function transcriptPage(logPath: string, question: PageQuestion): Promise<Page> {
  const page = withPlainFile(logPath, (log, { size }) => readEntries(log, size, question));
  if ('entries' in page) return page;
  const entries = page.kind === 'missing' ? [] : [noting(`the log is ${page.problem}`)];
  return { entries, next: question.from ?? 0, hasMore: false, isTorn: false };
}

function readEntries(log: number, size: number, question: PageQuestion): Page {
  const { limit = DEFAULT_LIMIT, maxChars = Number.POSITIVE_INFINITY, isRunning, from: asked = 0 } = question;
  const cli = providerNamed(question.provider);
  const begin = asked < 0 ? lineStart(log, size + asked, PAGE_BYTES) : asked;
  const from = begin ?? size + asked;
  const isTorn = begin === undefined;
  let isInside = isTorn;
  const entries: TranscriptEntry[] = [];
  let next = from;
  let chars = 0;
  for (const { text, end } of linesFrom(log, from, {
    maxLineBytes: PAGE_BYTES,
    toEnd: !isRunning || isTorn,
  })) {
    const added = isInside
      ? tornEntries(text)
      : text === undefined
        ? [noting(`a line of ${end - next} bytes is left out`)]
        : transcriptOf(cli, text);
    isInside = false;
    if (Number.isFinite(maxChars)) chars += charsOf(added);
    if (chars > maxChars && entries.length > 0) return { entries, next, hasMore: true, isTorn };
    entries.push(...added);
    next = end;
    if (next >= size || next - from >= PAGE_BYTES || entries.length >= limit)
      return { entries, next, hasMore: next < size, isTorn };
  }
  return { entries, next, hasMore: false, isTorn };
}

/** Shows the end of a line that starts too far before the page to be read whole. */
function tornEntries(text = ''): TranscriptEntry[] {
  const note = noting(`a line of more than ${PAGE_BYTES / 1024 / 1024} MB, which ends:`);
  return [note, { kind: 'text', text: text.slice(-TORN_CHARS), depth: 0 }];
}

/** The size of the entries in a JSON string; the two quotes of each line stand for its escaped line break. */
function charsOf(entries: readonly TranscriptEntry[]): number {
  return transcriptLines(entries).reduce((sum, line) => sum + JSON.stringify(line).length, 0);
}

interface TailQuestion {
  provider: string;
  /** The part of the log that is read at most. */
  maxBytes: number;
  maxEntries: number;
}

/** The newest entries of the log of a running agent, and where a later reading continues. */
export interface TranscriptTail {
  entries: readonly TranscriptEntry[];
  /** Undefined if a later reading cannot continue here. */
  next?: number;
  /** Identifies the file. */
  ino?: number;
}

/** Reads only what was added to the log after `before`, if that is at most `maxBytes`. */
export async function transcriptTail(
  logPath: string,
  { provider, maxBytes, maxEntries }: TailQuestion,
  before: TranscriptTail = { entries: [] },
): Promise<TranscriptTail> {
  const { ino, size = 0 } = statsAt(logPath) ?? {};
  const { next: from = -1 } = ino === before.ino ? before : {};
  const isShort = from >= 0 && from <= size && size - from <= maxBytes;
  const { entries, next, isTorn } = await transcriptPage(logPath, {
    provider,
    isRunning: true,
    from: isShort ? from : -maxBytes,
    limit: Number.POSITIVE_INFINITY,
  });
  // If `next` is the same, a long line is being written.
  const kept = isShort || next === from ? before.entries : [];
  return { entries: [...kept, ...entries].slice(-maxEntries), ino, next: isTorn ? undefined : next };
}
