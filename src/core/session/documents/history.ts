const TEXT_KEYS = ['phase', 'status', 'ending', 'summary', 'reason', 'needs', 'for'] as const;
type Texts = Partial<Record<(typeof TEXT_KEYS)[number], string | null | undefined>>;

/**
 * One line of `_signal_history.jsonl`: what an iteration signalled, or, with the status `none`, how it ended without a
 * signal.
 */
interface HistoryEntry extends Texts {
  /** `YYYY-MM-DD HH:MM:SS`, local time. */
  timestamp: string;
  /** Counted over the whole session. */
  iteration: number;
  status: string;
  /** Number of the `iteration_ended` event. */
  n: number;
}

/** The line of an entry, including its LF: always the same keys in the same order, null where empty. */
export function historyLine(entry: HistoryEntry): string {
  const texts = TEXT_KEYS.map((key) => [key, entry[key] || null] as const);
  const { timestamp, iteration, n } = entry;
  return `${JSON.stringify({ timestamp, iteration, ...Object.fromEntries(texts), n })}\n`;
}
