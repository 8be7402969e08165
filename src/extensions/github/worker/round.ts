import { join } from 'node:path';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { listed } from '../../../core/kernel/text.ts';
import { pullRequestRefs } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { fastForward } from '../../../core/project/finishing/fast-forward.ts';
import { makeMergeCommit } from '../../../core/project/finishing/merge-commit.ts';
import { isAncestor } from '../../../core/project/git/repository.ts';
import { checksRoot } from '../../../core/project/worktrees/checks-root.ts';
import { COMMAND_ERRORS } from '../../../core/session/commands/command-errors.ts';
import type { CommandOf } from '../../../core/session/commands/commands.ts';
import { judgeRound } from '../../../core/session/commands/judge-round.ts';
import { documentText } from '../../../core/session/documents/documents.ts';
import { inlineMaterial } from '../../../core/session/documents/material.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../core/session/events/events.ts';
import { roundDocuments } from '../../../core/session/events/rounds.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';
import { repairMissingWorktree } from '../../../core/worker/guarding/restore-worktree.ts';
import { branchTip } from '../../../core/worker/state/evidence.ts';
import type { Handler } from '../../../core/worker/state/extension.ts';
import { lastingFailure } from '../../../core/worker/state/passing-errors.ts';
import { record, stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import { describeKeys } from '../feedback/feedback.ts';

/**
 * Continues a finished session with the feedback on its pull request. First its branch is brought up to date with what
 * others have pushed to the pull request. Every step can be repeated after a crash.
 */
export async function round(
  worker: Worker,
  command: Pick<CommandOf<'round'>, 'by' | 'round' | 'text' | 'byHand'>,
): ReturnType<Handler<'round'>> {
  const { by, round: begun, text } = command;
  const verdict = judgeRound(command, stateOf(worker), worker.file.settings);
  if (verdict.kind === 'refused') return verdict;
  const { number, keys, head } = begun;
  const joined = await joinHead(worker, head);
  if ('problem' in joined) return { events: askingFor(worker, by, joined.problem) };
  crashPoint('round-joined');
  const { conflicts } = joined;
  const about = join(worker.paths.sessionDir, roundDocuments(number).about);
  const whole = text === '' ? ((await documentText(about)) ?? '') : text;
  if (keys.length > 0 || conflicts.length > 0)
    await writeWhole(about, `${whole}${conflictText(head, conflicts)}`);
  crashPoint('round-quoted');
  // Only commits by others: there is nothing to build, but everything is tested again.
  const phase = keys.length > 0 || conflicts.length > 0 ? 'implementation' : 'testing';
  const why = keys.length > 0 ? describeKeys(keys) : 'others have pushed to its branch';
  const flow = `Round ${number} of the pull request: ${why}`;
  return { events: [{ type: 'resumed', by, phase, resetsCounts: true, round: begun, flow }] };
}

/** Asks a person instead of refusing: the supervisor sent the command, so no person would see a refusal. */
function askingFor(worker: Worker, by: By, problem: string): NewEvent[] {
  const { pullRequest } = stateOf(worker);
  if (pullRequest === undefined) return [];
  const { repository, number } = pullRequest;
  const asks = `No round can begin: ${problem}`;
  return [{ type: 'pull_request_changed', by, repository, number, change: { asks }, flow: asks }];
}

async function joinHead(
  worker: Worker,
  head: string,
): Promise<{ conflicts: readonly string[] } | { problem: string }> {
  try {
    return { conflicts: await takeOverHead(worker, head) };
  } catch (error) {
    return { problem: lastingFailure(worker, error, 'begin the round again').message };
  }
}

/**
 * Brings the branch up to date with what others have pushed: fast-forwards it, or merges the head.
 * @returns files in which both sides changed the same lines; then nothing is merged
 */
async function takeOverHead(worker: Worker, head: string): Promise<string[]> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return [];
  await record(worker, ...(await repairMissingWorktree(worker)));
  const { branch } = worktree;
  const { mainRepo, worktreesDir, folder } = worker.file;
  const tip = (await branchTip(worker))?.commit;
  if (tip === undefined) return [];
  if (await isAncestor(head, tip, { ...worker.git.context, cwd: mainRepo })) return [];
  const ref = pullRequestRefs(refNameOf(worker.file)).merged;
  const context = worker.git.context;
  const made = await makeMergeCommit({
    mainRepo,
    into: branch,
    ref,
    ...context,
    dir: join(checksRoot(worktreesDir), folder, 'joining'),
    onto: head,
    tip,
    message: `Merge the head of the pull request of '${branch}'`,
  });
  if (made.kind === 'conflicts') return made.files;
  const moved = await fastForward({ mainRepo, branch, from: tip, to: made.commit, ref, ...context });
  if (moved.kind === 'done') return [];
  const problem = moved.kind === 'refused' ? moved.why : 'it was moved at the same time.';
  throw COMMAND_ERRORS.tip_replaced({ branch, problem });
}

function conflictText(head: string, files: readonly string[]): string {
  if (files.length === 0) return '';
  const where = listed(files.map(inlineMaterial), 20);
  return `\n## Others have pushed to the branch\n\nTheir head is ${head}. Merge it into the branch and resolve what both changed: ${where}.\n`;
}
