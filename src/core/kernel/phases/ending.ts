/** The endings of an iteration, which are judged by structured output, then by exit status, never by prose. */
export const ENDING_KINDS = [
  'signalled',
  'no_signal',
  'timeout',
  'crashed',
  'killed',
  'usage_limit',
  'overloaded',
  'network',
  'auth',
  'config',
  'budget',
  'refused',
  'flooded',
  'not_started',
] as const;
export type EndingKind = (typeof ENDING_KINDS)[number];

/**
 * Endings that count against a phase's limit; the others were not the agent's fault. An agent that signalled counts
 * however its process ended.
 */
export const COUNTED_ENDINGS: readonly EndingKind[] = ['signalled', 'no_signal', 'timeout', 'crashed'];

export const OUTAGES = ['overloaded', 'network'] as const satisfies readonly EndingKind[];
export type OutageKind = (typeof OUTAGES)[number];

export function outageOf(ending: EndingKind): OutageKind | undefined {
  return OUTAGES.find((kind) => kind === ending);
}
