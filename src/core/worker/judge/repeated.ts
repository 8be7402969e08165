import { join } from 'node:path';
import { isReviewed } from '../../kernel/phases/progress.ts';
import {
  baseChecksOf,
  type CheckRun,
  failsItself,
  isRedThenGreen,
  isStale,
} from '../../kernel/phases/proving.ts';
import { endTree } from '../../kernel/processes/end-tree.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import type { Evidence } from '../state/evidence.ts';
import { LEFTOVER_GRACE_MS, sessionMark } from '../state/processes.ts';
import { checksOf, stateOf, type Worker, type WorkerMemory } from '../state/worker.ts';
import { judgingBase, showChecking } from './check-facts.ts';
import { type ClonedSet, runInClone } from './in-clone.ts';

/** What takes longer, with its SETUP, is not repeated. */
const MOST_MINUTES = 10;

/**
 * Runs what fails of a set once more, alone, on another fresh clone with services begun anew. A check that then passes
 * stays a failure, unless `acceptUnsteady` finds more.
 * @param end of the set, which ran a moment ago
 */
export async function repeatRed(worker: Worker, set: ClonedSet, end: SetEnd): Promise<SetEnd> {
  const red = end.runs.filter(({ how, redBefore }) => how !== undefined && !redBefore);
  if (red.length === 0) return end;
  const repeated = end.runs.filter((run) => run.isSetup || red.includes(run));
  const minutes = repeated.reduce((sum, { durationMs }) => sum + durationMs, 0) / 60_000;
  if (minutes > MOST_MINUTES) return notRepeated(end, minutes);
  await untilAlone(worker, set);
  // After a SETUP that fails, no command has run.
  const commands = red.some(({ isSetup }) => isSetup) ? set.commands : red.map(({ command }) => command);
  const begins = (command: string) => set.begins?.(`${command} (again, alone)`);
  const again = await runInClone(worker, { ...set, name: `${set.name}-again`, commands, begins });
  const isNew = ({ command }: Pick<CheckRun, 'command'>) => !end.runs.some((run) => run.command === command);
  const runs = end.runs.map((run) => {
    const other = red.includes(run) ? again.runs.find(isSame(run)) : undefined;
    if (other === undefined) return run;
    const { command: _command, isSetup: _isSetup, ...ended } = other;
    return { ...run, again: ended };
  });
  return {
    ...end,
    runs: [...runs, ...again.runs.filter(isNew)],
    failures: [...end.failures, ...again.failures.filter(isNew)],
    left: again.left ?? end.left,
  };
}

function isSame({ command, isSetup }: CheckRun) {
  return (other: CheckRun) => other.command === command && other.isSetup === isSetup;
}

function notRepeated({ runs, failures, ...end }: SetEnd, minutes: number): SetEnd {
  const said = (how: string) => `${how}; not repeated, since that takes ${Math.round(minutes)} minutes`;
  return {
    ...end,
    runs: runs.map((run) => (run.how && !run.redBefore ? { ...run, how: said(run.how) } : run)),
    failures: failures.map((failure) => ({ ...failure, how: said(failure.how) })),
  };
}

/** Ends what earlier commands have left running, which could be what fails, and waits for the checks of the base. */
async function untilAlone(
  worker: Worker,
  { mark, signal }: Pick<ClonedSet, 'mark' | 'signal'>,
): Promise<void> {
  const { host, clock, file } = worker;
  if (mark === file.id) await untilBaseRunEnds(worker, signal);
  const { name } = sessionMark(worker);
  await endTree(undefined, { name, value: mark }, { host, clock, graceMs: LEFTOVER_GRACE_MS, known: [] });
}

/** Waits for base checks that run, however long they take. @throws the signal's reason */
export async function untilBaseRunEnds(
  { memory: { baseRun } }: Worker,
  signal: AbortSignal,
): Promise<WorkerMemory['baseRun']> {
  if (baseRun === undefined) return undefined;
  const abort = () => baseRun.stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  await baseRun.ended;
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  return baseRun;
}

/** How often to run a check on the base that nobody has seen both fail and pass there. */
const MORE_RUNS = 2;

/**
 * Accepts checks that failed and passed when they were repeated, if the same was seen on the base: then chance is not
 * new. The runs there so far count, and up to two more. What shows a requirement passes each time.
 * @param base the commit before the work; in a merge, the one that is merged onto
 * @returns the set without the failures that are accepted; of the others, with what was found about them
 */
export async function acceptUnsteady(
  evidence: Evidence,
  { set, base }: { set: ClonedSet; base: string },
  end: SetEnd,
): Promise<SetEnd> {
  const { worker } = evidence;
  const isOpen = ({ command }: CheckRun) => end.failures.some((failure) => failure.command === command);
  const candidates = end.runs.filter((run) => isRedThenGreen(run) && isOpen(run));
  if (candidates.length === 0) return end;
  const { progress } = stateOf(worker);
  const isRead = set.name !== 'merge' || progress.way !== 'quick' || isReviewed(progress);
  const requirements = (await evidence.plan()).requirements.map(({ check }) => check);
  const known = end.onBase?.runs ?? [];
  const onBase: CheckRun[] = [];
  const found = new Map<string, { isAccepted: boolean; why: string }>();
  for (const run of candidates) {
    const { command } = run;
    const isShown = isRead && !requirements.includes(command);
    const seen = seenBefore(worker, base, run);
    const count = (runs: readonly CheckRun[]) => {
      for (const { how, ...each } of runs.filter(isSame(run))) {
        if (how === undefined) seen.green += 1;
        else if (failsItself({ ...each, how })) seen.red += 1;
      }
    };
    count(known);
    for (
      let more = MORE_RUNS;
      isShown && !run.isSetup && more > 0 && (seen.red === 0 || seen.green === 0);
      more -= 1
    ) {
      await untilAlone(worker, set);
      const name = `${set.name}-steady-${onBase.length + 1}`;
      const begins = () => showChecking(worker, `the base commit: ${command}`);
      const { runs } = await runInClone(worker, { ...set, name, commit: base, commands: [command], begins });
      onBase.push(...runs);
      count(runs);
    }
    const isAccepted = isShown && seen.red > 0 && seen.green > 0;
    const why = !isRead ? UNREAD : isShown ? seenWords(seen) : OF_REQUIREMENT;
    found.set(command, { isAccepted, why });
  }
  const others = end.onBase?.others?.filter(({ command }) => !found.get(command)?.isAccepted);
  return {
    ...end,
    onBase: { commit: base, runs: [...known, ...onBase], ...(others?.length && { others }) },
    runs: end.runs.map((run) => (found.get(run.command)?.isAccepted ? { ...run, unsteady: true } : run)),
    failures: end.failures.flatMap((failure) => {
      const { isAccepted, why } = found.get(failure.command) ?? {};
      const again = candidates.find(({ command }) => command === failure.command)?.again;
      if (again === undefined) return [failure];
      const { output, tail: lastLines = '' } = again;
      const passed = { outputPath: join(worker.paths.runDir, output), lastLines };
      return isAccepted ? [] : [{ ...failure, how: `${failure.how}; ${PASSED_AGAIN}; ${why}`, passed }];
    }),
  };
}

const PASSED_AGAIN = 'repeated alone on another fresh clone, it passed';
const OF_REQUIREMENT = 'no requirement is shown by a check that fails at times';
const UNREAD = 'no reviewer has read this work';

interface Seen {
  red: number;
  green: number;
}

/** What the checks of the base have shown so far. */
function seenBefore(worker: Worker, base: string, { command, isSetup }: CheckRun): Seen {
  const state = stateOf(worker);
  const { result } = worker.memory.baseRun ?? {};
  const known = result === undefined ? state.baseChecks : baseChecksOf(result);
  const isOf = base === judgingBase(state) && (isSetup || checksOf(worker).includes(command));
  if (known === undefined || isStale(known) || !isOf) return { red: 0, green: 0 };
  if (known.unsteady?.includes(command)) return { red: 1, green: 1 };
  const failed = known.failed.find((run) => run.command === command);
  if (failed !== undefined) return { red: failed.again ? 2 : 1, green: 0 };
  return { red: 0, green: known.result === 'unrunnable' ? 0 : 1 };
}

function seenWords({ red, green }: Seen): string {
  if (red + green === 0) return 'on the base commit it could not be run';
  return `on the base commit it ${red > 0 ? 'failed' : 'passed'} each of ${red + green} times`;
}
