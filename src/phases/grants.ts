import type { Phase } from './table.ts';

/**
 * What the agents of a phase may do. documents: read everything, run commands that only read, write in the
 * session folder. work: change the code too, with any command, and commit.
 */
export type Grant = 'documents' | 'work';

/** `PERMISSIONS=allow` grants this and no more; under `skip` an edit of code beyond it is noticed. */
export const GRANTS: Readonly<Record<Phase, Grant>> = {
  // Its agents repair what a SETUP that failed left.
  init: 'work',
  investigation: 'documents',
  requirements: 'documents',
  planning: 'documents',
  implementation: 'work',
  // Tests write caches, builds and scratch files, and its checks are commits of `testing: …`.
  testing: 'work',
  quality: 'work',
  done: 'work',
};
