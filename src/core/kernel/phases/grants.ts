import type { Phase } from './table.ts';

/**
 * The rights of the agents of a phase. documents: read everything, run read-only commands, write in the session
 * folder. work: also change code, with any command, and commit.
 */
export type Grant = 'documents' | 'work';

/** `PERMISSIONS=allow` grants exactly this; under `skip`, code edits beyond it are detected. */
export const GRANTS: Readonly<Record<Phase, Grant>> = {
  // Agents of this phase fix a SETUP that fails.
  init: 'work',
  investigation: 'documents',
  requirements: 'documents',
  planning: 'documents',
  implementation: 'work',
  // Tests write caches, builds and scratch files, and `testing: …` commits checks.
  testing: 'work',
  quality: 'work',
  done: 'work',
};
