import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import type { Decision, ParkDecision } from '../../../core/kernel/phases/decision.ts';
import { park } from '../../../core/kernel/phases/verdict.ts';
import { listed, visibleControls } from '../../../core/kernel/text.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { changesOfChecks } from '../../../core/project/proving/weakened-read.ts';
import { changedPaths } from '../../../core/project/worktrees/changes.ts';
import { openRound } from '../../../core/session/events/rounds.ts';
import { outsidePlanFiles } from '../../../core/session/proof/plan-files.ts';
import type { Evidence, TipOfBranch } from '../../../core/worker/state/evidence.ts';
import { stateOf } from '../../../core/worker/state/worker.ts';

const MAX_NAMED = 20;

/**
 * Asks a person about changes in a round that no one has agreed to: files that the plan does not name and the pull
 * request had not changed, and weakened tests that were active at its head. Nothing is pushed before the answer.
 */
export async function waitIfOutside(
  evidence: Evidence,
  tip: TipOfBranch,
  decision: Decision,
): Promise<ParkDecision | undefined> {
  const { worker } = evidence;
  const round = openRound(stateOf(worker));
  if (round === undefined) return undefined;
  const found = await changesOutsideScope(evidence, tip.commit, round);
  if (found.length === 0) return undefined;
  const outsideScope = fingerprint(found.join('\n'));
  if (round.accepted === outsideScope) return undefined;
  const { phase } = stateOf(worker).progress;
  const reason = `Round ${round.number} of the pull request changed more than plan and pull request cover: ${listed(found, MAX_NAMED, { separator: '; ' })}. Nothing has been pushed yet. To see the changes: git diff ${round.head.slice(0, 12)}`;
  return { ...park(phase, 'plan_approval', decision.phase), reason, beyond: outsideScope };
}

async function changesOutsideScope(
  evidence: Evidence,
  tip: string,
  { head, base }: { head: string; base: string },
): Promise<string[]> {
  const { worker } = evidence;
  const { mainRepo } = worker.file;
  const options = { ...worker.git.context, cwd: mainRepo };
  const changedIn = async (commit: string) => {
    const onto = await gitLine(['merge-base', '--end-of-options', base, commit], options);
    return await changedPaths({ ...options, base: onto, head: commit });
  };
  const [before, now] = [new Set(await changedIn(head)), new Set(await changedIn(tip))];
  const added = [...now].filter((path) => !before.has(path));
  const { text = '' } = await evidence.plan();
  const files = outsidePlanFiles(text, added).map(visibleControls);
  const compared = { mainRepo, base: head, commit: tip };
  const checks = await changesOfChecks(compared, worker.git.context);
  // What comes from the base branch was agreed to there.
  const weakened = checks.weakened.filter(({ path }) => now.has(path));
  return [...files, ...weakened.map(({ path, what }) => `${visibleControls(path)} ${what}`)];
}
