/** Which sessions are listed. `running`: whatever goes on by itself; `archived`: those that were put away, and no others. */
export const SESSION_FILTERS = [
  'needs_human',
  'running',
  'waiting',
  'blocked',
  'stopped',
  'done',
  'archived',
] as const;
export type SessionFilter = (typeof SESSION_FILTERS)[number];
