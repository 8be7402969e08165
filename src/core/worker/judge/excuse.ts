import { join } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { type CheckRun, isNoWorse, mayStayRed, type OtherFailure } from '../../kernel/phases/proving.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { whatItSays } from '../../project/proving/same-output.ts';
import { endChildTree } from '../state/processes.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { showChecking } from './check-facts.ts';
import { type ClonedSet, runInClone } from './run-in-clone.ts';
import { openScratchDir, scratchDir } from './scratch.ts';

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
  const onBase = { ...set, name: nameOnBase(set), commit: base, commands };
  const begins = (command: string) => showChecking(worker, `the base commit: ${command}`);
  const { runs: ofBase, left = end.left } = await runInClone(worker, { ...onBase, begins });
  const isWhole = !ofBase.some(({ isSetup, how }) => isSetup && how !== undefined);
  const found = isWhole ? ofBase : [];
  const excuses = new Map<string, Excuse>();
  for (const run of end.runs.filter(({ command }) => commands.includes(command)))
    excuses.set(run.command, await excuseFor(worker, set, { run, onBase: found.find(isOf(run)) }));
  const others = [...excuses.values()].flatMap(({ other }) => other ?? []);
  return {
    left,
    onBase: { commit: base, runs: ofBase, ...(others.length > 0 && { others }) },
    runs: end.runs.map((run) =>
      excuses.get(run.command)?.isNoWorse ? { ...run, redBefore: true as const } : run,
    ),
    failures: end.failures.flatMap((failure) => {
      const excuse = excuses.get(failure.command);
      if (excuse === undefined) return [failure];
      return excuse.isNoWorse ? [] : [{ ...failure, how: `${failure.how}; ${excuse.why}` }];
    }),
  };
}

interface Excuse {
  isNoWorse?: true;
  /** Why the answer of a person does not excuse the failure. */
  why?: string;
  /** Set if a person is still to be asked. */
  other?: OtherFailure;
}

async function excuseFor(
  worker: Worker,
  set: ClonedSet,
  { run, onBase }: { run: CheckRun; onBase: CheckRun | undefined },
): Promise<Excuse> {
  if (onBase === undefined) return { why: 'on the base commit it could not be run now' };
  if (onBase.how === undefined) return { why: 'on the base commit it passes now' };
  if (!isNoWorse(run, onBase)) return { why: `on the base commit now: ${onBase.how}` };
  const dirs = [scratchDir(worker), openScratchDir(worker)];
  const [says, saysOnBase] = await Promise.all(
    [run, onBase].map((each) => {
      const clones = dirs.flatMap((dir) => [join(dir, nameOnBase(set)), join(dir, set.name)]);
      return whatItSays(join(worker.paths.runDir, each.output), each, clones);
    }),
  );
  if (says === saysOnBase) return { isNoWorse: true };
  const { command, how = '', tail: onBranch = '' } = run;
  const key = fingerprint(JSON.stringify([command, says, saysOnBase]));
  const asked =
    stateOf(worker).baseChecks?.others?.filter((other) => other.command === command && other.choice) ?? [];
  if (asked.some((other) => other.key === key && other.choice === 'leave')) return { isNoWorse: true };
  const why = 'on the base commit it says something else';
  if (asked.length > 0) return { why };
  return { why, other: { command, how, key, onBranch, onBase: onBase.tail ?? '' } };
}

function nameOnBase({ name }: ClonedSet): string {
  return `${name}-base`;
}

function isOf({ command }: CheckRun) {
  return (other: CheckRun) => other.command === command;
}
