const IN_ORDER = [
  { name: 'messages', onlyBeforeDone: true },
  { name: 'branch_gone' },
  { name: 'impossible_checks' },
  { name: 'red_base' },
  { name: 'uncommitted' },
  { name: 'failed_checks' },
  { name: 'false_claims' },
  { name: 'unread', onlyBeforeDone: true },
  { name: 'unreviewed', onlyBeforeDone: true },
  { name: 'weakened_tests' },
  { name: 'outside_scope', onlyBeforeDone: true },
  { name: 'later_work' },
  { name: 'later_messages', onlyBeforeDone: true },
] as const;
export type ObstacleName = (typeof IN_ORDER)[number]['name'];

interface Obstacle {
  name: ObstacleName;
  /** Asked only before a session is done; absent: also before implementation or testing moves to quality. */
  onlyBeforeDone?: true;
}

/** What keeps a session from following its agent's signal, in the order of asking: the first one found decides. */
export const OBSTACLES: readonly Obstacle[] = IN_ORDER;
