import { join } from 'node:path';
import { tryOldPromises } from '../../project/proving/old-promises.ts';
import { type ChangedPath, squareOf } from '../../project/proving/square.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { checksOf, provingOf, stateOf } from '../state/worker.ts';
import { judgingBase, mainGit } from './check-facts.ts';
import { acceptedBefore, MOST_MS, runCell } from './old-tests.ts';

interface Merge {
  merged: TipOfBranch;
  /** The commit that is merged onto. */
  onto: string;
  tip: TipOfBranch;
}

/**
 * Runs the tests of the base on a merge, if both have changed one of them: then the proof of the branch tried others.
 * Nobody is asked. What was accepted of the branch, or could not be tried, is not tried here.
 * @returns why they fail, without a full stop
 */
export async function brokenOnMerge(
  evidence: Evidence,
  { merged, onto, tip }: Merge,
): Promise<{ why?: string; events: NewEvent[] }> {
  const { worker } = evidence;
  const state = stateOf(worker);
  const base = judgingBase(state);
  const { oldTests, setup } = provingOf(worker);
  const isOpen = state.cells?.some(({ red, untried }) => red !== undefined || untried !== undefined);
  const isLong = (state.checksTookMs ?? 0) > MOST_MS;
  if (!base || base === onto || oldTests === 'off' || isOpen || isLong || acceptedBefore(worker))
    return { events: [] };
  const git = mainGit(worker);
  const commands = [...checksOf(worker), ...(setup === undefined ? [] : [setup])];
  const changed = async (of: string) =>
    (await squareOf({ base, tip: of }, commands, git)).differences.filter(isOfChecks).map(({ path }) => path);
  const ofBase = new Set(await changed(onto));
  if (ofBase.size === 0 || !(await changed(tip.commit)).some((path) => ofBase.has(path)))
    return { events: [] };
  const events: NewEvent[] = [];
  const old = await tryOldPromises(await squareOf({ base: onto, tip: merged.commit }, commands, git), {
    git,
    indexPath: join(worker.paths.runDir, 'cell.index'),
    async tryCell(cell) {
      const ran = await runCell(evidence, state.progress.totalIterations, cell);
      events.push(...ran.events);
      return ran.end;
    },
  });
  if (!('red' in old)) return { events };
  return { why: `with the tests of the base \`${old.red.command}\` fails (${old.red.how})`, events };
}

function isOfChecks({ role }: ChangedPath): boolean {
  return role === 'tests' || role === 'unknown';
}
