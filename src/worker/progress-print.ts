import { createHash } from 'node:crypto';
import type { JudgedSignal } from '../phases/decision.ts';
import type { Phase } from '../phases/table.ts';
import { gitLine } from '../project/git.ts';
import type { GitContext } from '../project/repository.ts';

export interface PrintMaterial {
  phase: Phase;
  signal: JudgedSignal | undefined;
  /** The trees of the worktree and of the session folder, as a checkpoint has them. */
  worktreeTree: string;
  sessionTree: string;
}

/** What changes with every child, whatever it does: what it says, and what the worker writes. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['_overview.md', '_signal.json']);

/**
 * Fingerprint of what an iteration left: the bytes of the worktree, of the documents with the plan's ticks in them
 * and of the questions, whatever their names; phase and direction of the signal. Its words are left out.
 */
export async function progressPrint(
  material: PrintMaterial,
  repository: GitContext & { cwd: string },
): Promise<string> {
  const { phase, signal, worktreeTree, sessionTree } = material;
  const listed = await gitLine(['ls-tree', '-r', '-z', sessionTree], repository);
  const documents = listed
    .split('\0')
    .map((entry) => entry.split('\t'))
    .filter(([, name = '']) => name !== '' && !SAYS_NOTHING.has(name))
    .map(([head = '']) => head);
  // A copy under a new name is nothing new.
  const contents = [...new Set(documents)].sort();
  const direction = [phase, signal?.status, signal?.phase, signal?.for];
  return createHash('sha256')
    .update(JSON.stringify([worktreeTree, contents, direction]))
    .digest('hex')
    .slice(0, 32);
}
