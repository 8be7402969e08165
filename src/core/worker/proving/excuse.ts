import { type CheckRun, isNoWorse, mayStayRed } from '../../kernel/phases/proving.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { endChildTree } from '../core/tree.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { showChecking } from './check-facts.ts';
import { type ClonedSet, runInClone } from './run-in-clone.ts';

/**
 * Runs the failed checks that a person accepted as red once more, on the base: an older result says nothing about now,
 * since a check can fail at times, or be repaired outside of the repository.
 * @param set the set that has ended
 * @param base the commit before the work; in a merge, the one that is merged onto
 * @returns the set without the failures that are as red on the base
 */
export async function withExcuses(
  worker: Worker,
  { set, base }: { set: ClonedSet; base: string },
  end: SetEnd,
): Promise<SetEnd> {
  const { baseChecks } = stateOf(worker);
  const commands = end.runs.filter((run) => mayStayRed(run, baseChecks)).map(({ command }) => command);
  if (commands.length === 0) return end;
  // What the checks of the branch have left running could be what fails on the base.
  await endChildTree(worker, undefined, { leftoversOnly: true });
  const name = `${set.name}-base`;
  const begins = (command: string) => showChecking(worker, `the base commit: ${command}`);
  const { runs: ofBase, left = end.left } = await runInClone(worker, {
    ...set,
    name,
    commit: base,
    commands,
    begins,
  });
  const isWhole = !ofBase.some(({ isSetup, how }) => isSetup && how !== undefined);
  const onBase = (command: string) => (isWhole ? ofBase.find((run) => run.command === command) : undefined);
  const runs = end.runs.map((run) => {
    const found = commands.includes(run.command) ? onBase(run.command) : undefined;
    if (found === undefined) return run;
    const { exitCode, how, outputHash } = found;
    const shown = { ...run, onBase: { commit: base, exitCode, how, outputHash } };
    return isNoWorse(run, found) ? { ...shown, redBefore: true as const } : shown;
  });
  const red = runs.flatMap(({ command, redBefore }) => (redBefore ? [command] : []));
  const failures = end.failures
    .filter(({ command }) => !red.includes(command))
    .map((failure) =>
      commands.includes(failure.command)
        ? { ...failure, how: `${failure.how}; ${endOnBase(onBase(failure.command))}` }
        : failure,
    );
  return { runs, failures, left };
}

/** Why the answer of a person does not excuse a failure. */
function endOnBase(run: CheckRun | undefined): string {
  if (run === undefined) return 'on the base commit it could not be run now';
  return run.how === undefined ? 'on the base commit it passes now' : `on the base commit now: ${run.how}`;
}
