import { join } from 'node:path';
import { noting, type TranscriptEntry, transcriptLines } from '../../agents/contract/transcript.ts';
import { providerNamed } from '../../agents/registry.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { poolActs } from '../../caller/context/pools.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { lineStart, linesFrom } from '../../kernel/files/lines.ts';
import { openPlainHandle, type PlainHandle } from '../../kernel/files/plain-file.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';

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
  const { paths, state } = view;
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
  const page = await transcriptPage(logPath, { ...input, provider, isRunning });
  const lines = transcriptLines(page.entries);
  const ranOn = await machineOf(started, events, context);
  return { view, iteration, phase, provider, logPath, lines, isRunning, ranOn, ...page };
}

async function machineOf(
  { n: begun }: SessionEvent,
  events: readonly SessionEvent[],
  context: Pick<ActionContext, 'home'>,
): Promise<string | undefined> {
  const before = events.findLast(({ type, n }) => type === 'worker_took_over' && n < begun);
  const host = before?.type === 'worker_took_over' ? before.host : undefined;
  return host === undefined || host === (await poolActs.items[0]?.nameHere(context)) ? undefined : host;
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

type Page = Pick<TranscriptPage, 'entries' | 'next' | 'hasMore'>;

/** Reads one page of a raw log. */
export async function transcriptPage(logPath: string, question: PageQuestion): Promise<Page> {
  const opened = openPlainHandle(logPath);
  if (opened.kind !== 'opened') {
    const entries = opened.kind === 'missing' ? [] : [noting(`the log is ${opened.problem}`)];
    return { entries, next: question.from ?? 0, hasMore: false };
  }
  const { handle } = opened;
  try {
    return await readEntries(handle, handle.stat().size, question);
  } finally {
    handle.close();
  }
}

async function readEntries(handle: PlainHandle, size: number, question: PageQuestion): Promise<Page> {
  const { limit = DEFAULT_LIMIT, maxChars = Number.POSITIVE_INFINITY, isRunning, from: asked = 0 } = question;
  const { transcript } = providerNamed(question.provider);
  const begin = asked < 0 ? lineStart(handle.fd, size + asked, PAGE_BYTES) : asked;
  const from = begin ?? size + asked;
  let isTorn = begin === undefined;
  const entries: TranscriptEntry[] = [];
  let next = from;
  let chars = 0;
  for await (const { text, end } of linesFrom(handle, from, {
    maxLineBytes: PAGE_BYTES,
    toEnd: !isRunning || isTorn,
  })) {
    const added = isTorn
      ? tornEntries(text)
      : text === undefined
        ? [noting(`a line of ${end - next} bytes is left out`)]
        : transcript(text);
    isTorn = false;
    if (Number.isFinite(maxChars)) chars += charsOf(added);
    if (chars > maxChars && entries.length > 0) return { entries, next, hasMore: true };
    entries.push(...added);
    next = end;
    if (next >= size || next - from >= PAGE_BYTES || entries.length >= limit)
      return { entries, next, hasMore: next < size };
  }
  return { entries, next, hasMore: false };
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
