import { parseJson } from '../../base/parse-json.ts';
import { splitLines } from './markdown-lines.ts';

const TEXT_KEYS = ['phase', 'status', 'ending', 'summary', 'reason', 'needs', 'for'] as const;
type Texts = Partial<Record<(typeof TEXT_KEYS)[number], string | null | undefined>>;

/**
 * One line of `_signal_history.jsonl`: what an iteration signalled, or how it ended without a signal, when its status is
 * `none`. Old files repeat the number of an iteration: it is never a key.
 */
interface HistoryEntry extends Texts {
  /** `YYYY-MM-DD HH:MM:SS`, local time. */
  timestamp: string;
  /** The session's total. */
  iteration: number;
  status: string;
  /** Number of the `iteration_ended` event. */
  n: number;
}

/** The line of an entry, its LF included: always the same keys in the same order, empty ones null. */
export function historyLine(entry: HistoryEntry): string {
  const texts = TEXT_KEYS.map((key) => [key, entry[key] || null] as const);
  const { timestamp, iteration, n } = entry;
  return `${JSON.stringify({ timestamp, iteration, ...Object.fromEntries(texts), n })}\n`;
}

export type HistorySignal = Pick<HistoryEntry, 'phase' | 'status' | 'for' | 'reason' | 'needs'>;

/** Reads a history, the original tool's lines too; never throws. Lines that are none are passed over. */
export function readHistory(text: string): HistorySignal[] {
  // A thrown error per line of prose would make a large file slow.
  const lines = splitLines(text.replace(/^\uFEFF/, '')).filter((line) => line.trimStart().startsWith('{'));
  return lines.flatMap((line) => {
    const value = parseJson(line);
    if (value === undefined) return [];
    const fields = new Map<string, unknown>(Object.entries(Object(value)));
    const told = (key: string) => {
      const field = fields.get(key);
      return typeof field === 'string' && field !== '' ? field : undefined;
    };
    // Later lines of the original tool name the phase that ran and the one that followed, if it was accepted.
    const followed = fields.get('accepted') === false ? undefined : told('target_phase');
    const phase = told('phase') ?? followed ?? told('source_phase');
    const status = told('status')?.toLowerCase() ?? 'none';
    return [{ phase, status, for: told('for'), reason: told('reason'), needs: told('needs') }];
  });
}
