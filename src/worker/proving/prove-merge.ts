import type { NewEvent } from '../../session/events/events.ts';
import { provingOf, stateOf, type Worker } from '../core/worker.ts';
import { commitWithTree, type TipOfBranch } from './check-facts.ts';
import { mergeCommands } from './ledger.ts';
import { proveCommit } from './prove.ts';

export type MergeProof = { events: NewEvent[] } & (
  | { kind: 'passed' }
  | { kind: 'failed'; reason: string }
  /** They run in the worktree alone, which has other files. */
  | { kind: 'unchecked'; reason: string }
  | { kind: 'stopped' }
);

export async function proveMerge(
  worker: Worker,
  { commit, onto, into, tip }: { commit: string; onto: string; into: string; tip: TipOfBranch },
): Promise<MergeProof> {
  const commands = await mergeCommands(worker);
  const { worktree, proved } = stateOf(worker);
  if (commands.length === 0 || worktree === undefined) return { kind: 'passed', events: [] };
  const merged = await commitWithTree(worker, commit);
  if (provingOf(worker).in === 'worktree') {
    const isProved = proved?.commit === tip.commit;
    if (isProved && merged.tree === tip.tree) return { kind: 'passed', events: [] };
    const changed = isProved
      ? `"${into}" has changed since the session began`
      : 'The branch has changed since its checks last passed';
    const reason = `${changed}, and CHECK_IN=worktree lets no check run on the merge.`;
    return { kind: 'unchecked', reason, events: [] };
  }
  const { events, ...proof } = await proveCommit(worker, {
    set: 'merge',
    tip: merged,
    worktree: { ...worktree, branch: into, baseCommit: onto },
    iteration: stateOf(worker).progress.totalIterations,
    commands,
    outputDir: worker.paths.mergeChecks,
  });
  switch (proof.kind) {
    case 'passed':
    case 'stopped':
      return { kind: proof.kind, events };
    case 'failed': {
      const failed = proof.failures.map(
        ({ command, how, outputPath }) => `\`${command}\` (${how}; output: ${outputPath})`,
      );
      return {
        kind: 'failed',
        reason: `Checks fail on the merge: ${failed.join('; ')}. Nothing was changed.`,
        events,
      };
    }
    case 'impossible':
      return { kind: 'failed', reason: proof.reason, events };
    default:
      throw new Error(`The checks of a merge ended as ${proof.kind}.`);
  }
}
