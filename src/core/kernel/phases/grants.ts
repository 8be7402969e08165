import type { Phase } from './table.ts';

/**
 * The rights of the agents of a phase. documents: read everything, run read-only commands, write in the session
 * folder. work: also change code, with any command, and commit.
 */
export type Grant = 'documents' | 'work';

/**
 * `PERMISSIONS=allow` grants exactly this, and so does `auto` for documents; otherwise, code edits beyond it are
 * detected.
 */
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

/** The values of PERMISSIONS, the strictest first. */
export const PERMISSIONS = ['allow', 'auto', 'skip'] as const;
export type Permissions = (typeof PERMISSIONS)[number];

/** What an agent of a phase may do: a reviewer judges only agents that work. */
export function permissionsIn(phase: Phase, permissions: Permissions): Permissions {
  return permissions === 'auto' && GRANTS[phase] === 'documents' ? 'allow' : permissions;
}
