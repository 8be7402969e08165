const TEXT_KEYS = ['phase', 'status', 'ending', 'summary', 'reason', 'needs', 'for'] as const;
type Texts = Partial<Record<(typeof TEXT_KEYS)[number], string | null | undefined>>;

/**
 * One line of `_signal_history.jsonl`: what an iteration signalled, or how it ended without a signal, when its status is
 * `none`.
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
