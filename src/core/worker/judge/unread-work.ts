import { isReviewed } from '../../kernel/phases/progress.ts';
import type { BranchFacts } from '../../project/proving/branch-facts.ts';
import type { Evidence } from '../state/evidence.ts';
import { choicesOf, stateOf } from '../state/worker.ts';
import { mainGit } from './check-facts.ts';

/** More changed lines than one agent alone may answer for. */
const MAX_UNREAD_LINES = 200;

/**
 * Why a quality agent must read quick work before it is done: by its size, not by what its own agent thinks of it.
 * @returns undefined if none must, or one has since the last change
 */
export async function whyUnread(
  evidence: Evidence,
  facts: BranchFacts | undefined,
): Promise<string | undefined> {
  const { worker } = evidence;
  const { progress } = stateOf(worker);
  if (progress.way !== 'quick' || isReviewed(progress)) return undefined;
  if (choicesOf(worker).review) return 'The user wants this work reviewed.';
  if (!(await evidence.hasCommands())) return 'No command shows this work.';
  const { files, insertions, deletions } = (await facts?.size(mainGit(worker))) ?? {
    files: [],
    insertions: 0,
    deletions: 0,
  };
  const lines = insertions + deletions;
  if (lines > MAX_UNREAD_LINES)
    return `${lines} changed lines are more than the ${MAX_UNREAD_LINES} that one agent alone may answer for.`;
  return files.some((file) => file.insertions === null) ? 'It changes binary files.' : undefined;
}
