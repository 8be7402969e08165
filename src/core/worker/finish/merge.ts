import { join } from 'node:path';
import { crashPoint } from '../../kernel/fault-points.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { mergeRef } from '../../project/checkpoints/checkpoint-refs.ts';
import { mergeOnto } from '../../project/finishing/base-branch.ts';
import { forwardAlone } from '../../project/finishing/fast-forward.ts';
import { makeMergeCommit } from '../../project/finishing/merge-commit.ts';
import type { FinishingOf } from '../../session/events/bodies/finishing.ts';
import type { MergeEnd } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { commitWithTree, tipOfBranch } from '../judge/check-facts.ts';
import { proveCommit } from '../judge/checks.ts';
import { mergeCommands } from '../judge/claims.ts';
import { scratchDir } from '../judge/in-clone.ts';
import { brokenOnMerge } from '../judge/old-tests-on-merge.ts';
import { afterLeftOut, leftOutBy } from '../state/environment.ts';
import { Evidence, type TipOfBranch } from '../state/evidence.ts';
import { callExtensions, type Failure } from '../state/extension.ts';
import { provingOf, record, stateOf, type Worker } from '../state/worker.ts';

/** How often to merge again if the base branch moves while the checks run. */
const TRIES = 3;

/**
 * Does an accepted merge in a temporary clone, checks it there, and only then moves the base branch atomically. A
 * crash before that changes nothing, and the next worker starts over.
 */
export async function performMerge(worker: Worker, { by, into }: FinishingOf<'merge'>): Promise<NewEvent[]> {
  const { events, end } = await mergeAgain(worker, into);
  const ended = endedEvent({ into, files: [], commands: [], ...end });
  const closesIssue = end.outcome === 'merged' && worker.file.issue !== undefined;
  const followUp: NewEvent[] = closesIssue
    ? [{ type: 'finish_asked', work: { kind: 'publish', by, what: 'issue' } }]
    : [];
  return [...events, ended, ...followUp];
}

interface Ended {
  events: NewEvent[];
  end: Pick<MergeEnd, 'outcome'> & Partial<MergeEnd>;
}

async function mergeAgain(worker: Worker, into: string): Promise<Ended> {
  for (let tries = 1; ; tries += 1) {
    const { events, end } = await mergeOnce(worker, into);
    if (end !== 'moved') return { events, end };
    const reason = `The branch "${into}" moved each time before the merge was checked. Merge again when it no longer changes.`;
    if (tries === TRIES) return { events, end: { outcome: 'failed', reason } };
    await record(worker, ...events);
  }
}

async function mergeOnce(
  worker: Worker,
  into: string,
): Promise<{ events: NewEvent[]; end: Ended['end'] | 'moved' }> {
  const { folder, mainRepo, chat } = worker.file;
  const { worktree } = stateOf(worker);
  const context = worker.git.context;
  const tip = await tipOfBranch(worker);
  const onto = worktree && (await mergeOnto(tip.commit, { mainRepo, base: worktree.base, into, ...context }));
  if (worktree === undefined || onto === undefined)
    return { events: [], end: { outcome: 'failed', reason: `The branch "${into}" no longer exists.` } };
  const known = { tip: tip.commit, onto: onto.onto };
  if (onto.hasAll) return { events: [], end: { ...known, outcome: 'merged', commit: onto.from } };
  const ref = mergeRef(refNameOf(worker.file));
  const made = await whileTakingCommands(worker, (signal) =>
    makeMergeCommit({
      mainRepo,
      into,
      ref,
      ...context,
      signal,
      dir: join(scratchDir(worker), 'merging'),
      onto: onto.onto,
      tip: tip.commit,
      message: `Merge branch '${worktree.branch}'${into === 'main' || into === 'master' ? '' : ` into ${into}`}`,
    }),
  );
  const again = `samocode finish ${folder} --merge`;
  if (made.kind === 'conflicts') {
    const reason = `Both "${into}" and the session changed the same lines. Nothing was changed.`;
    const at = shellWord(worktree.path);
    const commands = [`git -C ${at} merge ${shellWord(into)}`, `git -C ${at} commit`, again];
    return { events: [], end: { ...known, outcome: 'conflicts', reason, files: made.files, commands } };
  }
  crashPoint('merge-made');
  const { commit } = made;
  const proof = await proveMerge(worker, { commit, onto: onto.onto, into, tip });
  const { events } = proof;
  const merged = { ...known, commit };
  if (proof.kind === 'failed')
    return { events, end: { ...merged, outcome: 'checks_failed', reason: proof.reason, commands: [again] } };
  crashPoint('merge-checked');
  if (proof.kind === 'unchecked') {
    const commands = [
      `git -C ${shellWord(mainRepo)} switch ${shellWord(into)}`,
      `git -C ${shellWord(mainRepo)} merge ${shellWord(ref)}`,
    ];
    return { events, end: { ...merged, outcome: 'ready', reason: proof.reason, commands } };
  }
  const copied = worktree.firstCommit === undefined ? undefined : chat?.brought;
  const plan = { mainRepo, branch: into, from: onto.from, to: commit, ref, copied, ...context };
  await callExtensions(worker, 'requireHeld');
  const moved = await forwardAlone(plan, worker);
  crashPoint('merge-moved');
  switch (moved.kind) {
    case 'done':
      return { events, end: { ...merged, outcome: 'merged' } };
    case 'moved':
      return { events, end: 'moved' };
    case 'refused':
      return { events, end: { ...merged, outcome: 'ready', reason: moved.why, commands: moved.commands } };
    default:
      return moved satisfies never;
  }
}

export function mergeFailed({ into }: FinishingOf<'merge'>, { message: reason }: Failure): NewEvent {
  return endedEvent({ into, outcome: 'failed', reason, files: [], commands: [] });
}

export function mergeStopped({ into }: FinishingOf<'merge'>): NewEvent {
  const reason = 'It was stopped. Nothing was changed.';
  return endedEvent({ into, outcome: 'stopped', reason, files: [], commands: [] });
}

function endedEvent(end: MergeEnd): NewEvent {
  const { outcome, into, reason, files } = end;
  const flow = outcome === 'merged' ? `Merged into ${into}` : `Not merged into ${into}: ${reason}`;
  // Agents choose file names, and a conflict can affect every file.
  return { type: 'merge_ended', ...end, files: files.slice(0, 100), flow };
}

type MergeProof = { events: NewEvent[] } & (
  | { kind: 'passed' }
  | { kind: 'failed'; reason: string }
  /** The checks run only in the worktree, whose files differ from the merge. */
  | { kind: 'unchecked'; reason: string }
);

export async function proveMerge(
  worker: Worker,
  { commit, onto, into, tip }: { commit: string; onto: string; into: string; tip: TipOfBranch },
): Promise<MergeProof> {
  const evidence = new Evidence(worker);
  const commands = await mergeCommands(evidence);
  const { worktree, proved } = stateOf(worker);
  if (commands.length === 0 || worktree === undefined) return { kind: 'passed', events: [] };
  const merged = await commitWithTree(worker, commit);
  if (provingOf(worker).in === 'worktree') {
    const isProved = proved?.commit === tip.commit;
    if (isProved && merged.tree === tip.tree) return { kind: 'passed', events: [] };
    const changed = isProved
      ? `"${into}" has changed since the session started`
      : 'The branch has changed since its checks last passed';
    const reason = `${changed}, and with CHECK_IN=worktree no check can run on the merge.`;
    return { kind: 'unchecked', reason, events: [] };
  }
  const { events, ...proof } = await proveCommit(evidence, {
    set: 'merge',
    tip: merged,
    base: onto,
    worktree: { ...worktree, branch: into, baseCommit: onto },
    iteration: stateOf(worker).progress.totalIterations,
    commands,
    outputDir: worker.paths.mergeChecks,
  });
  switch (proof.kind) {
    case 'passed': {
      const old = await brokenOnMerge(evidence, { merged, onto, tip });
      const all = [...events, ...old.events];
      if (old.why === undefined) return { kind: 'passed', events: all };
      const reason = `Both "${into}" and the session changed tests, and ${old.why}. Nothing was changed.`;
      return { kind: 'failed', reason, events: all };
    }
    case 'failed': {
      const failed = proof.failures.map(
        ({ command, how, outputPath }) => `\`${command}\` (${how}; output: ${outputPath})`,
      );
      return {
        kind: 'failed',
        reason: afterLeftOut(
          await leftOutBy(worker),
          `Checks fail on the merge: ${failed.join('; ')}. Nothing was changed.`,
        ),
        events,
      };
    }
    case 'impossible':
      return { kind: 'failed', reason: proof.reason, events };
    default:
      throw new Error(`The checks of a merge ended as ${proof.kind}.`);
  }
}
