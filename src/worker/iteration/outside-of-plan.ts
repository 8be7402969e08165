import { listed, visibleControls } from '../../base/plain-words.ts';
import { changedPaths } from '../../project/worktrees/changes.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { outsidePlanFiles } from '../../session/proof/outside-plan.ts';
import { branchTip } from '../core/branch-tip.ts';
import type { PlanEvidence } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { baseOfWork } from '../proving/check-facts.ts';

const MOST = 100;
const MOST_NAMED = 10;

/** Files that the branch has changed for its goal and the approved plan does not name; undefined where no plan is approved. */
export async function filesOutsidePlan(
  worker: Worker,
  { text, outcome }: Pick<PlanEvidence, 'text' | 'outcome'>,
): Promise<string[] | undefined> {
  const base = baseOfWork(stateOf(worker));
  if (text === undefined || !outcome.approved || base === undefined) return undefined;
  const options = { ...worker.git.context, cwd: worker.file.mainRepo };
  const head = await branchTip(worker);
  if (head === undefined) return undefined;
  return outsidePlanFiles(text, await changedPaths({ ...options, base, head })).slice(0, MOST);
}

/** Reports those that were not reported before. */
export function outsidePlanNotice(
  worker: Pick<Worker, 'writer'>,
  outside: readonly string[] = [],
): NewEvent[] {
  const { outsidePlan: known = [] } = stateOf(worker);
  const files = outside.filter((path) => !known.includes(path));
  if (files.length === 0) return [];
  const text = `Changed, although the plan does not name them: ${listed(files.map(visibleControls), MOST_NAMED)}`;
  return [{ type: 'notice', code: 'outside_plan', text, flow: text }];
}
