import { parseJson } from '../../base/parse-json.ts';
import type { DocumentProblem } from './document-problem.ts';
import { splitLines } from './markdown-lines.ts';

type Field = string | null | undefined;

/** One line of `_signal_history.jsonl`: what an iteration signalled, or how it ended without a signal. */
export interface HistoryEntry {
  /** `YYYY-MM-DD HH:MM:SS`, local time. */
  timestamp: string;
  /** The session's total. Old files repeat numbers: never a key. */
  iteration: number;
  /** The signal's phase, else the one that ran. */
  phase?: Field;
  /** `none` when there was no signal. */
  status: string;
  /** How it ended, when there was no signal. */
  ending?: Field;
  summary?: Field;
  reason?: Field;
  needs?: Field;
  for?: Field;
  /** Number of the `iteration_ended` event; old lines have none. */
  n?: number | undefined;
}

const TEXT_KEYS = ['phase', 'status', 'ending', 'summary', 'reason', 'needs', 'for'] as const;

/** The line of an entry, its LF included: always the same keys in the same order, empty ones null. */
export function historyLine(entry: HistoryEntry & { n: number }): string {
  const texts = TEXT_KEYS.map((key) => [key, entry[key] || null] as const);
  const { timestamp, iteration, n } = entry;
  return `${JSON.stringify({ timestamp, iteration, ...Object.fromEntries(texts), n })}\n`;
}

/** Reads a history, the original tool's lines too; never throws. Lines that are none are named and passed over. */
export function readHistory(text: string): { entries: HistoryEntry[]; problems: DocumentProblem[] } {
  const entries: HistoryEntry[] = [];
  const problems: DocumentProblem[] = [];
  for (const [index, line] of splitLines(text.replace(/^\uFEFF/, '')).entries()) {
    if (line.trim() === '') continue;
    const entry = parseEntry(line);
    if (entry) entries.push(entry);
    else problems.push({ name: 'bad_line', text: `Line ${index + 1} is not an entry and was skipped.` });
  }
  return { entries, problems };
}

function parseEntry(line: string): HistoryEntry | undefined {
  // A thrown error per line of prose would make a large file slow.
  if (!line.trimStart().startsWith('{')) return undefined;
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = (key: string) => {
    const field = fields.get(key);
    return typeof field === 'string' && field !== '' ? field : undefined;
  };
  const whole = (key: string) => {
    const field = fields.get(key);
    return typeof field === 'number' && Number.isSafeInteger(field) ? field : undefined;
  };
  // Later lines of the original tool name the phase that ran and the one that followed, if it was accepted.
  const followed = fields.get('accepted') === false ? undefined : text('target_phase');
  const phase = text('phase') ?? followed ?? text('source_phase') ?? null;
  const texts = TEXT_KEYS.map((key) => [key, text(key) ?? null] as const);
  const timestamp = text('timestamp') ?? '';
  return {
    timestamp,
    iteration: whole('iteration') ?? 0,
    ...Object.fromEntries(texts),
    phase,
    status: text('status')?.toLowerCase() ?? 'none',
    n: whole('n'),
  };
}
