import { join } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { OldTests, Weakening } from '../../kernel/phases/decision.ts';
import {
  type CellResult,
  type CheckRun,
  cannotRun,
  type KnownCell,
  type PassedRun,
  passedRuns,
} from '../../kernel/phases/proving.ts';
import {
  type Cell,
  type CellEnd,
  type OldPromises,
  type Red,
  tryOldPromises,
} from '../../project/proving/old-promises.ts';
import { hasLinesOf, readSaid, withoutTimes } from '../../project/proving/same-output.ts';
import { type ChangedPath, isAbsent, pathsOf, type Square } from '../../project/proving/square.ts';
import { isCiFile, isInstalled } from '../../project/proving/weakened.ts';
import { type PlannedOldTest, plannedOldTests } from '../../session/documents/plan-old-tests.ts';
import { isPersonal, isPersonalChannel } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { unlikeText } from '../../session/proof/bite-words.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { checksOf, provingOf, stateOf, type Worker } from '../state/worker.ts';
import { isBaseKnown, type KnownBase, knownBase } from './base-run.ts';
import { failureNote, judgingBase, mainGit, showChecking } from './check-facts.ts';
import { type Proof, recordedSet } from './checks.ts';
import { openScratchDir, runInClone, scratchDir } from './in-clone.ts';
import { acceptUnsteady, repeatRed } from './repeated.ts';

/** Whether the tests of the base hold on the work. */
export interface TriedOldTests {
  old: OldPromises | { kind: 'off'; why: string };
  base: string;
  differences: readonly ChangedPath[];
  /** Those of the approved plan that differ. */
  planned: readonly PlannedOldTest[];
  events: NewEvent[];
  /** A judgement before this one had it, so whoever has worked since was told. */
  wasKnown: boolean;
}

interface Shown {
  iteration: number;
  tip: TipOfBranch | undefined;
  proof: Proof;
  /** The session is done if nothing else prevents it. */
  isLast: boolean;
  square: () => Promise<Square | undefined>;
}

/** A longer proof is not paid a second time by work that was to be quick, and by other work once. */
export const MOST_MS = 10 * 60_000;

/** @returns undefined where they are not tried: nothing to run, not yet, or decided by an earlier version's rules */
export async function triedOldTests(
  evidence: Evidence,
  { iteration, tip, proof, isLast, square: squareNow }: Shown,
): Promise<TriedOldTests | undefined> {
  const { worker } = evidence;
  const { progress, worktree } = stateOf(worker);
  const base = judgingBase(stateOf(worker));
  const own = checksOf(worker);
  const { oldTests, in: place } = provingOf(worker);
  if (!worktree || !base || !tip || own.length === 0) return undefined;
  if (acceptedBefore(worker)) return undefined;
  const none = { base, differences: [], planned: [], events: [], wasKnown: true };
  const off = oldTests === 'off' ? 'OLD_TESTS=off' : place === 'worktree' ? 'CHECK_IN=worktree' : undefined;
  if (off !== undefined) return { ...none, old: { kind: 'off', why: off } };
  const git = mainGit(worker);
  const isLong = tookMs(worker, proof) > MOST_MS;
  // Then once, before done.
  if (isLong && progress.way !== 'quick' && !isLast) return undefined;
  const square = await squareNow();
  if (square === undefined) return undefined;
  const planned = await plannedIn(evidence, square);
  const events: NewEvent[] = [];
  const tryCell = async (cell: Cell): Promise<CellEnd> => {
    const known = stateOf(worker).cells?.findLast(({ tree }) => tree === cell.tree);
    if (known !== undefined) return endOf(known);
    if (isLong && progress.way === 'quick')
      return { kind: 'untried', why: 'SETUP and the checks took more than ten minutes' };
    const ran = await runCell(evidence, iteration, cell);
    events.push(...ran.events);
    return ran.end;
  };
  const found = await tryOldPromises(square, {
    git,
    indexPath: join(worker.paths.runDir, 'cell.index'),
    planned: new Set(planned.map(({ path }) => path)),
    tryCell,
  });
  // Then the checks of the work are those of the base.
  const ran = runsOf(proof);
  const passed = ran.length > 0 ? passedRuns(ran) : (stateOf(worker).passedRuns ?? []);
  const unlike = found.kind === 'unneeded' ? await unlikeIn(worker, passed) : [];
  const old = unlike.length > 0 ? ({ kind: 'kept', unlike } as const) : found;
  return { old, base, differences: square.differences, planned, events, wasKnown: events.length === 0 };
}

/** A plan that no person has approved takes no old test away, and none takes away settings. */
async function plannedIn({ worker, plan }: Evidence, { differences }: Square): Promise<PlannedOldTest[]> {
  const { approvedPlan } = stateOf(worker);
  const { text = '', outcome } = await plan();
  if (!outcome.approved || !approvedPlan || !isPersonal(approvedPlan.by)) return [];
  const tests = new Set(differences.flatMap(({ path, role }) => (role === 'tests' ? [path] : [])));
  return plannedOldTests(text).files.filter(({ path }) => tests.has(path));
}

/** What a person accepted by the rules of an earlier version holds for its goal, and nothing else is asked. */
export function acceptedBefore(worker: Worker): boolean {
  return (stateOf(worker).acceptedWeakenings ?? []).some((key) => !key.startsWith(BOUND));
}

/** How long SETUP and the checks took on the work. */
export function tookMs(worker: Worker, { events }: Proof): number {
  const ran = events.findLast((event) => event.type === 'checks_ran' && event.set === 'full');
  if (ran?.type !== 'checks_ran') return stateOf(worker).checksTookMs ?? 0;
  return ran.runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function endOf({ red, untried, unlike }: Pick<KnownCell, 'red' | 'untried' | 'unlike'>): CellEnd {
  if (red !== undefined) return { kind: 'red', ...red };
  return untried === undefined ? { kind: 'green', unlike } : { kind: 'untried', why: untried };
}

function runsOf({ events }: Proof): readonly CheckRun[] {
  return events.flatMap((event) => (event.type === 'checks_ran' ? event.runs : []));
}

/** Of the commands that pass, those that no longer print what they print on the base, as far as that is known by now. */
async function unlikeIn(worker: Worker, runs: readonly PassedRun[]): Promise<string[]> {
  const onBase = isBaseKnown(worker) ? ((await knownBase(worker)).base?.passed ?? []) : [];
  const dirs = [scratchDir(worker), openScratchDir(worker)];
  const said = async (run: PassedRun) => await readSaid(join(worker.paths.runDir, run.output), run);
  const unlike: string[] = [];
  for (const run of runs) {
    const before = onBase.find(({ command }) => command === run.command);
    if (before && !hasLinesOf(await said(before), await said(run), dirs)) unlike.push(run.command);
  }
  return unlike;
}

/** No agent works while the checks of a session are run, and their services begin anew. */
export async function runCell(
  evidence: Evidence,
  iteration: number,
  { reading, ...tip }: Cell,
): Promise<{ end: CellEnd; events: NewEvent[] }> {
  const { worker } = evidence;
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return { end: { kind: 'untried', why: 'the worktree is gone' }, events: [] };
  const name = `old-${tip.tree.slice(0, 12)}`;
  const attempt = { set: 'added', in: 'clone', iteration, tip, cell: { reading } } as const;
  const proof = await recordedSet(evidence, attempt, async (signal) => {
    const set = {
      name,
      commit: tip.commit,
      worktree,
      commands: checksOf(worker),
      proving: provingOf(worker),
      mark: worker.file.id,
      iteration,
      outputDir: iterationPaths(worker.paths, iteration).checks,
      signal,
      begins: (command: string) => showChecking(worker, `the old tests: ${command}`),
    };
    const end = await repeatRed(worker, set, await runInClone(worker, set));
    const base = judgingBase(stateOf(worker));
    return base === undefined ? end : await acceptUnsteady(evidence, { set, base }, end);
  });
  const runs = runsOf(proof);
  // The checks of the base run beside the agents, and may not have ended.
  const { base, events: ofBase } = proof.kind === 'failed' ? await knownBase(worker) : NOT_ASKED;
  const { red, untried } =
    proof.kind === 'impossible'
      ? { red: undefined, untried: proof.reason.replace(/\.$/, '') }
      : await foundIn(worker, { runs, name, base });
  const isGreen = proof.kind === 'passed' && untried === undefined;
  const changed = isGreen ? await unlikeIn(worker, passedRuns(runs)) : [];
  const unlike = changed.length > 0 ? changed : undefined;
  const cell: CellResult = { reading, untried, unlike, red: red && { command: red.command, says: red.says } };
  const events = proof.events.map((event) => (event.type === 'checks_ran' ? { ...event, cell } : event));
  return { end: endOf({ red, untried, unlike }), events: [...ofBase, ...events] };
}

const NOT_ASKED: KnownBase = { base: undefined, events: [] };

/** What is red in a cell; nothing is shown by what cannot run, and by what was red before the work. */
async function foundIn(
  worker: Worker,
  { runs, name, base }: { runs: readonly CheckRun[]; name: string } & Pick<KnownBase, 'base'>,
): Promise<{ red?: KnownCell['red']; untried?: string | undefined }> {
  let untried: string | undefined;
  for (const run of runs) {
    const { command, how, output, tail } = run;
    if (how === undefined) continue;
    if (run.unsteady) {
      untried ??= `\`${command}\` failed and then passed, as it does on the base`;
      continue;
    }
    if (cannotRun(run)) return { untried: `\`${command}\` could not be run (${how})` };
    const onBase = base?.failed.find((failed) => failed.command === command);
    if (onBase === undefined || onBase.exitCode !== run.exitCode) {
      const clones = [scratchDir(worker), openScratchDir(worker)].map((dir) => join(dir, name));
      const { text, outputHash = '' } = await readSaid(join(worker.paths.runDir, output), run);
      const says = fingerprint(text === undefined ? outputHash : withoutTimes(text, clones)).slice(0, 16);
      return { red: { command, how, output, tail, says } };
    }
    untried ??= `\`${command}\` fails as it does on the base (${how})`;
  }
  return { untried };
}

const BOUND = '2.';

/** Binds what a person or reader accepts to all that they were shown. */
function boundTo(...shown: readonly unknown[]): string {
  return `${BOUND}${fingerprint(JSON.stringify(shown)).slice(0, 16)}`;
}

function unlikeOf(tried: TriedOldTests | undefined): readonly string[] {
  return tried?.old.kind === 'kept' ? (tried.old.unlike ?? []) : [];
}

function redOf(tried: TriedOldTests | undefined): Red | undefined {
  return tried && 'red' in tried.old ? tried.old.red : undefined;
}

function shownOf(tried: TriedOldTests | undefined): string[] {
  const red = redOf(tried);
  return red === undefined ? [] : [red.command, red.how, red.says];
}

/** A finding of the comparison, under a key of what the files are on base and branch and what a cell says of them. */
export function bound(
  found: Weakening,
  of: { base: string; blobs: readonly (string | undefined)[] },
  tried: TriedOldTests | undefined,
): Weakening {
  return { ...found, key: boundTo(found.key, of.base, of.blobs, shownOf(tried)) };
}

/** What is still a question by name: no cell tries it. */
export function isUntriedBy(tried: TriedOldTests | undefined, { path }: Weakening): boolean {
  if (tried?.old.kind !== 'kept') return true;
  const untried = pathsOf(tried.differences.filter(({ isUntried }) => isUntried));
  return isCiFile(path) || isInstalled(path) || untried.includes(path);
}

/** Code that a command of the checks names: put back, it would take the work back, so no cell tries it. */
export function untriedIn({ differences, base }: TriedOldTests): Weakening[] {
  const code = differences.filter(({ isUntried, role }) => isUntried && role === 'unknown');
  return code.map((each) => {
    const [path = ''] = pathsOf([each]);
    const what = 'is changed, and a command of the checks names it';
    return { path, what, key: boundTo(path, base, each.base.blob, each.tip.blob) };
  });
}

/** The files in question of a red cell, as a person is asked about them. */
export function changedIn(tried: TriedOldTests): Weakening[] {
  const { old, base } = tried;
  if (!('changed' in old)) return [];
  const what =
    old.kind === 'needs'
      ? 'differs, and the checks of the base need it so'
      : 'differs, and the tests of the base fail';
  return old.changed.map((each) => {
    const [path = ''] = pathsOf([each]);
    return { path, what, key: boundTo(path, base, each.base.blob, each.tip.blob, shownOf(tried)) };
  });
}

/** Whether a person alone may accept what is red, as no reader can. */
export function isOfPerson({ file }: Pick<Worker, 'file'>, { old }: TriedOldTests): boolean {
  return (
    old.kind === 'needs' || (old.kind === 'broken' && file.settings.gateChannels.every(isPersonalChannel))
  );
}

/** What a reader names in the signal to accept tests that fail. */
function readersId(tried: TriedOldTests): string {
  const keys = changedIn(tried).map(({ key }) => key);
  return `old-${fingerprint(JSON.stringify(keys)).slice(0, 8)}`;
}

/**
 * Whether a reader still has to accept what no person is asked about.
 * @param reviewed what the agent whose signal is judged confirmed
 */
export function needsReader(
  worker: Worker,
  tried: TriedOldTests | undefined,
  reviewed: readonly string[] = [],
): tried is TriedOldTests {
  if (tried?.old.kind === 'untried' || unlikeOf(tried).length > 0) return true;
  if (tried?.old.kind !== 'broken' || isOfPerson(worker, tried)) return false;
  if (isReadersYes(worker, tried, reviewed)) return false;
  const { acceptedWeakenings = [] } = stateOf(worker);
  return changedIn(tried).some(({ key }) => !acceptedWeakenings.includes(key));
}

function isReadersYes(worker: Worker, tried: TriedOldTests, reviewed: readonly string[]): boolean {
  return [...(stateOf(worker).reviewed ?? []), ...reviewed].includes(readersId(tried));
}

/** A sentence without its full stop; undefined if nothing is to be said. */
export function whyInQuestion(tried: TriedOldTests | undefined): string | undefined {
  const { old } = tried ?? {};
  switch (old?.kind) {
    case 'broken':
      return `With the tests as on the base \`${old.red.command}\` fails on this work (${old.red.how})`;
    case 'needs':
      return `With the checks as on the base \`${old.red.command}\` fails on this work (${old.red.how})`;
    case 'kept':
      return unlikeOf(tried).length > 0 ? unlikeText(unlikeOf(tried)) : undefined;
    case 'untried':
      return `The tests of the base could not be tried on this work: ${old.why}`;
    default:
      return undefined;
  }
}

/** The end of what a red cell printed, before the difference that a person is shown. */
export function outputIn(tried: TriedOldTests | undefined): string {
  const { command, how, tail = '' } = redOf(tried) ?? {};
  return command === undefined
    ? ''
    : `${whyInQuestion(tried)}. \`${command}\` (${how}) printed last:\n\n${tail}\n\n`;
}

/** For the agent that reads such work: output and difference, and how to accept them. */
export function notesForReader(worker: Worker, tried: TriedOldTests): string[] {
  const why = whyInQuestion(tried) ?? '';
  const red = redOf(tried);
  if (tried.old.kind === 'kept') return [`${why}. Find out whether all of these tests still run.`];
  if (red === undefined || !('changed' in tried.old))
    return [`${why}. Compare the tests and settings that differ: what they were to show must still hold.`];
  const paths = pathsOf(tried.old.changed).map((path) => `'${path.replaceAll("'", "'\\''")}'`);
  const difference = `git diff --no-ext-diff ${tried.base.slice(0, 12)} -- ${paths.join(' ')}`;
  const output = { ...red, outputPath: join(worker.paths.runDir, red.output), lastLines: red.tail ?? '' };
  return [
    `${why}. The difference: \`${difference}\`. Judge by that, by the output and by the task as it is written, not by what the author says of them. Does the task ask for what the old tests refuse? Then name it in your signal, beside what else you reviewed: "reviewed": ["${readersId(tried)}"]. Otherwise leave it out: the work goes back to implementation.`,
    failureNote(output),
  ];
}

/** For the record of work that is done. */
export function asRecorded(
  worker: Worker,
  tried: TriedOldTests | undefined,
  reviewed: readonly string[] = [],
): OldTests | undefined {
  const { old, differences = [] } = tried ?? {};
  if (tried === undefined || old === undefined) return undefined;
  const planned = tried.planned.length > 0 ? [...tried.planned] : undefined;
  switch (old.kind) {
    case 'unneeded':
      return (
        planned && { kind: 'untried', files: [], why: 'only those of the approved plan differ', planned }
      );
    case 'off':
    case 'untried':
      return { kind: old.kind, files: [], why: old.why, planned };
    case 'kept':
      return {
        kind: old.kind,
        files: pathsOf(differences.filter(isGone)),
        unlike: old.unlike && [...old.unlike],
        planned,
      };
    case 'broken':
    case 'needs': {
      const by = isReadersYes(worker, tried, reviewed) ? 'review' : 'person';
      return { kind: old.kind, files: pathsOf(old.changed), why: whyInQuestion(tried), by, planned };
    }
    default:
      return old satisfies never;
  }
}

function isGone({ role, tip }: ChangedPath): boolean {
  return role === 'tests' && isAbsent(tip);
}
