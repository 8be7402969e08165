import { fingerprint } from '../../base/files/fingerprint.ts';
import { shellQuoted } from '../../base/shell-quoted.ts';
import type { Decision } from '../../phases/decision.ts';
import { provesNothing } from '../../phases/proving.ts';
import { addsTests } from '../../project/proving/weakened.ts';
import { changedTestFiles } from '../../project/proving/weakened-read.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { provingOf, stateOf, type Worker } from '../core/worker.ts';
import { commitWithTree } from './check-facts.ts';
import { type Proof, recordedSet } from './prove.ts';
import { runInClone } from './run-in-clone.ts';
import { comparedCommits, waitIfWeakened } from './weakened-wait.ts';

/**
 * What checks that have passed are worth: tests that were added are tried without the work, and a person is asked where
 * checks were weakened. @returns undefined when it was stopped
 */
export async function judgeTests(
  worker: Worker,
  iteration: number,
  given: Decision,
): Promise<{ decision: Decision; events: NewEvent[] } | undefined> {
  const tried = await tryAddedTests(worker, iteration);
  if (tried === undefined) return undefined;
  const { proveNothing, events } = tried;
  const decision = proveNothing.length > 0 ? withNote(given, proveNothing) : given;
  return { decision: (await waitIfWeakened(worker, decision)) ?? decision, events };
}

interface Tried {
  /** Test files that pass without the work. */
  proveNothing: readonly string[];
  events: NewEvent[];
}

/** Each file is one run; of more than these the first ones run. */
const MOST_FILES = 20;

/**
 * Runs the test files that the work has added tests to on the base commit, once for the same files: one that passes there
 * would pass without the work. @returns undefined when it was stopped
 */
async function tryAddedTests(worker: Worker, iteration: number): Promise<Tried | undefined> {
  const proving = provingOf(worker);
  const { worktree, addedTests } = stateOf(worker);
  const compared = proving.files === undefined ? undefined : await comparedCommits(worker);
  if (proving.files === undefined || worktree === undefined || compared === undefined) return NOTHING;
  const { base, commit } = compared;
  const changed = await changedTestFiles(compared, worker.git.context);
  const files = changed
    .filter(addsTests)
    .map(({ path }) => path)
    .slice(0, MOST_FILES);
  if (files.length === 0) return NOTHING;
  const key = fingerprint(
    JSON.stringify([proving.files, base, changed.map(({ path, after }) => [path, after])]),
  );
  if (addedTests?.key === key) return { proveNothing: addedTests.proveNothing, events: [] };
  const { files: command } = proving;
  const set = {
    name: 'added',
    commit: base,
    worktree: { ...worktree, baseCommit: base },
    commands: files.map((path) => command.replaceAll('{files}', shellQuoted(path))),
    proving,
    mark: worker.file.id,
    iteration,
    outputDir: iterationPaths(worker.paths, iteration).checks,
    overlay: { commit, paths: changed.map(({ path }) => path) },
  };
  const tip = await commitWithTree(worker, base);
  const attempt = { set: 'added', in: 'clone', iteration, tip, added: { files, key } } as const;
  const proof = await recordedSet(worker, attempt, (signal) => runInClone(worker, { ...set, signal }));
  return proof.kind === 'stopped' ? undefined : triedWith(files, proof);
}

/** What a run of the files shows, and what people hear of it. */
export function triedWith(files: readonly string[], proof: Proof): Tried {
  const { events } = proof;
  const runs = events.flatMap((event) => (event.type === 'checks_ran' ? event.runs : []));
  const proveNothing = provesNothing({ runs }, files);
  const hasRun = runs.some(({ isSetup }) => !isSetup);
  const problem = problemOf(proof, hasRun);
  return { proveNothing, events: [...events, ...noticeOf(proveNothing, problem)] };
}

function problemOf(proof: Proof, hasRun: boolean): string | undefined {
  if (proof.kind === 'impossible') return proof.reason;
  const [failure] = proof.kind === 'failed' && !hasRun ? proof.failures : [];
  return failure && `SETUP fails on the base commit (${failure.how}). Its output: ${failure.outputPath}`;
}

const NOTHING: Tried = { proveNothing: [], events: [] };

function proveNothingWords(files: readonly string[]): string {
  return `These tests pass on the base commit too, so they prove nothing of the work: ${files.join(', ')}`;
}

function noticeOf(files: readonly string[], problem: string | undefined): NewEvent[] {
  if (problem !== undefined)
    return [{ type: 'notice', code: 'check_files_failed', text: `CHECK_FILES did not run. ${problem}` }];
  if (files.length === 0) return [];
  return [{ type: 'notice', code: 'tests_prove_nothing', text: `${proveNothingWords(files)}.` }];
}

function withNote(decision: Decision, files: readonly string[]): Decision {
  if (decision.kind !== 'run' && decision.kind !== 'limited') return decision;
  const note = `${proveNothingWords(files)}. See whether each of them tests what was asked for.`;
  return { ...decision, notes: [...decision.notes, note] };
}
