import { copyFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { type CheckRun, isNoWorse, mayStayRed, type OtherFailure } from '../../kernel/phases/proving.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { readSaid, type Said, saysTheSame } from '../../project/proving/same-output.ts';
import { endAgentTree } from '../state/processes.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { judgingBase, showChecking } from './check-facts.ts';
import { type ClonedSet, openScratchDir, runInClone, scratchDir } from './in-clone.ts';
import { repeatRed } from './repeated.ts';

/**
 * Runs the failed checks that a person accepted as red once more, on the base: an older result says nothing about now,
 * since a check can fail at times, or be repaired outside of the repository. What it printed there before teaches what
 * may differ.
 * @param set the set that has ended
 * @param base the commit before the work; in a merge, the one that is merged onto
 * @returns the set without the failures that are as red on the base
 */
export async function withExcuses(
  worker: Worker,
  { set, base }: { set: ClonedSet; base: string },
  end: SetEnd,
): Promise<SetEnd> {
  const state = stateOf(worker);
  const commands = end.runs.filter((run) => mayStayRed(run, state.baseChecks)).map(({ command }) => command);
  if (commands.length === 0) return end;
  // What the checks of the branch have left running could be what fails on the base.
  await endAgentTree(worker, undefined, { leftoversOnly: true });
  const before = base === judgingBase(state) ? state.baseChecks?.failed : undefined;
  const begins = (command: string) => showChecking(worker, `the base commit: ${command}`);
  const onBase = { ...set, name: `${set.name}-base`, commit: base, commands, begins };
  const once = await runInClone(worker, onBase);
  // Of one output alone nothing could be learned.
  const kept = await Promise.all((before ?? []).map((each) => saidBy(worker, each)));
  const isTaught = kept.length > 0 && kept.every(({ text }) => text !== undefined);
  const { runs: ofBase, left = end.left } = isTaught ? once : await repeatRed(worker, onBase, once);
  const isWhole = !ofBase.some(({ isSetup, how }) => isSetup && how !== undefined);
  const excuses = new Map<string, Excuse>();
  for (const run of end.runs.filter(({ command }) => commands.includes(command))) {
    const isOf = ({ command }: Pick<CheckRun, 'command'>) => command === run.command;
    const now = isWhole ? ofBase.find(isOf) : undefined;
    const known = { now, before: before?.find(isOf) };
    const excuse = await excuseFor(worker, run, known);
    // A second is the same in two runs at times; one more tells chance from news.
    const more =
      excuse.other &&
      (await runInClone(worker, { ...onBase, name: `${set.name}-base-more`, commands: [run.command] }));
    excuses.set(
      run.command,
      more ? await excuseFor(worker, run, { ...known, more: more.runs.find(isOf) }) : excuse,
    );
  }
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

type Printed = Pick<CheckRun, 'output'> & Partial<CheckRun>;

async function excuseFor(
  worker: Worker,
  run: CheckRun,
  onBase: { now: CheckRun | undefined; before: Printed | undefined; more?: CheckRun | undefined },
): Promise<Excuse> {
  const { now, before, more } = onBase;
  if (now === undefined) return { why: 'on the base commit it could not be run now' };
  if (now.how === undefined) return { why: 'on the base commit it passes now' };
  if (!isNoWorse(run, now)) return { why: `on the base commit now: ${now.how}` };
  const says = (each: Printed) => saidBy(worker, each);
  const saysEach = async (runs: readonly Printed[]) => await Promise.all(runs.map(says));
  const known = [now, now.again, before, before?.again, more].flatMap((each) =>
    each?.exitCode === run.exitCode ? [each] : [],
  );
  const asked = (stateOf(worker).baseChecks?.others ?? []).filter(
    ({ command, choice, said }) => command === run.command && choice && said,
  );
  const accepted = asked.flatMap(({ choice, said = [] }) => (choice === 'leave' ? [said] : []));
  const groups = await Promise.all([known, ...accepted].map(saysEach));
  const clones = [scratchDir(worker), openScratchDir(worker)];
  if (saysTheSame(await says(run), groups, clones)) return { isNoWorse: true };
  const why = 'on the base commit it says something else';
  if (asked.length > 0) return { why };
  const { command, how = '', tail: onBranch = '' } = run;
  const key = fingerprint(JSON.stringify([command, run.outputHash, now.outputHash]));
  return { why, other: { command, how, key, onBranch, onBase: now.tail ?? '' } };
}

async function saidBy({ paths }: Worker, each: Printed): Promise<Said> {
  return await readSaid(join(paths.runDir, each.output), each);
}

/** Keeps the outputs that a person is asked about where no later run replaces them: the answer holds for what they say. */
export async function keepOthers({ paths }: Worker, { onBase, ...end }: SetEnd): Promise<SetEnd> {
  const keep = async ({
    output,
    outputBytes,
    outputHash,
  }: Pick<CheckRun, 'output' | 'outputBytes' | 'outputHash'>) => {
    const path = join(paths.baseChecks, `said-${outputHash}.txt`);
    await copyFile(join(paths.runDir, output), path);
    return { output: relative(paths.runDir, path), outputBytes, outputHash };
  };
  if (!onBase?.others?.length) return { ...end, ...(onBase && { onBase }) };
  makeFolder(paths.baseChecks);
  const others = onBase.others.map(async (other) => {
    const runs = end.runs.filter(({ command }) => command === other.command);
    return {
      ...other,
      said: await Promise.all(runs.flatMap((run) => [run, run.again ?? []].flat()).map(keep)),
    };
  });
  return { ...end, onBase: { ...onBase, others: await Promise.all(others) } };
}
