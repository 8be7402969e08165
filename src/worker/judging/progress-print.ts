import { fingerprint } from '../../base/files/fingerprint.ts';
import type { JudgedSignal } from '../../phases/decision.ts';
import type { Phase } from '../../phases/table.ts';
import type { KeptDocument } from '../../project/checkpoints/checkpoint.ts';

export interface PrintMaterial {
  phase: Phase;
  signal: JudgedSignal | undefined;
  /** The tree of the worktree and the session's documents, as a checkpoint has them. */
  worktreeTree: string;
  /** Fingerprint of what no checkpoint takes. */
  leftOut: string;
  documents: readonly KeptDocument[];
}

/** What changes with every child, whatever it does: what it says, and what the worker writes. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['_overview.md', '_signal.json']);

/**
 * Fingerprint of what an iteration left: the bytes of the worktree, the commits of repositories in it, the documents with the plan's ticks in them
 * and of the questions, whatever their names; phase and direction of the signal. Its words are left out.
 */
export function progressPrint(material: PrintMaterial): string {
  const { phase, signal, worktreeTree, leftOut, documents } = material;
  const telling = documents.filter(({ name }) => !SAYS_NOTHING.has(name));
  // A copy under a new name is nothing new.
  const contents = [...new Set(telling.map(({ mode, id }) => `${mode} blob ${id}`))].sort();
  const direction = [phase, signal?.status, signal?.phase, signal?.for];
  return fingerprint(JSON.stringify([worktreeTree, leftOut, contents, direction])).slice(0, 32);
}
