import { join } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { type Bite, biteOf } from '../../kernel/phases/proving.ts';
import { withoutWork } from '../../project/proving/old-promises.ts';
import type { Square } from '../../project/proving/square.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { unnoticedIn } from '../../session/proof/bite-words.ts';
import type { Evidence } from '../state/evidence.ts';
import { provingOf, stateOf, type Worker } from '../state/worker.ts';
import { knownBase } from './base-run.ts';
import { judgingBase, mainGit, showChecking } from './check-facts.ts';
import { type Proof, recordedSet } from './checks.ts';
import { runInClone } from './in-clone.ts';
import { MOST_MS, tookMs } from './old-tests.ts';

export interface TriedBite {
  /** Absent if no test was added or changed, or nothing is to be run. */
  bite?: Bite;
  events: NewEvent[];
}

/** Of the proof of quick work, which is to be done at once. */
const MOST_QUICK_MS = 60_000;

/**
 * Runs the checks of the work without it, once for the same tests: on the base, with the tests of the branch and whatever
 * else may say what checks do. What passes there does not notice the work; nothing is decided by that. A command that is
 * red on the base says nothing, and is left out.
 */
export async function tryBite(
  evidence: Evidence,
  {
    iteration,
    proof,
    square,
  }: { iteration: number; proof: Proof; square: () => Promise<Square | undefined> },
): Promise<TriedBite> {
  const { worker } = evidence;
  const { worktree, bite: known } = stateOf(worker);
  const base = judgingBase(stateOf(worker));
  const all = await evidence.fullCommands();
  if (worktree === undefined || base === undefined || all.length === 0) return { events: [] };
  const place = { git: mainGit(worker), indexPath: join(worker.paths.runDir, 'cell.index') };
  const now = await square();
  const cell = now && (await withoutWork(now, place));
  if (cell === undefined) return { events: [] };
  const why = whyNot(worker, proof);
  if (why !== undefined) return { bite: { passed: [], red: [], untried: why }, events: [] };
  const { base: onBase, events } = await knownBase(worker);
  const commands = all.filter((each) => !onBase?.failed.some(({ command }) => command === each));
  if (commands.length === 0) return { events };
  const proving = provingOf(worker);
  const key = fingerprint(JSON.stringify([cell.tree, commands, proving.setup]));
  if (known?.key === key) return { bite: known, events };
  const attempt = { set: 'added', in: 'clone', iteration, tip: cell } as const;
  const ran = await recordedSet(evidence, attempt, (signal) =>
    runInClone(worker, {
      name: 'bite',
      commit: cell.commit,
      worktree: { ...worktree, baseCommit: base },
      commands,
      proving,
      mark: worker.file.id,
      iteration,
      outputDir: iterationPaths(worker.paths, iteration).checks,
      signal,
      begins: (command) => showChecking(worker, `without the work: ${command}`),
    }),
  );
  return withResult(ran, key, events);
}

function withResult(ran: Proof, key: string, before: readonly NewEvent[]): TriedBite {
  const runs = ran.events.flatMap((event) => (event.type === 'checks_ran' ? event.runs : []));
  const [failed] = runs.flatMap(({ isSetup, how }) => (isSetup && how !== undefined ? [how] : []));
  const ofSetup = failed && `SETUP fails without the work (${failed})`;
  const untried = ofSetup ?? (ran.kind === 'impossible' ? ran.reason.replace(/\.$/, '') : undefined);
  const bite = untried === undefined ? biteOf({ runs }) : { passed: [], red: [], untried };
  const events = ran.events.map((event) =>
    event.type === 'checks_ran' ? { ...event, bite: { key, untried } } : event,
  );
  return { bite, events: [...before, ...events] };
}

function whyNot(worker: Worker, proof: Proof): string | undefined {
  const { bite, in: place } = provingOf(worker);
  if (bite === 'off') return 'BITE=off';
  if (place === 'worktree') return 'CHECK_IN=worktree';
  const isQuick = stateOf(worker).progress.way === 'quick';
  if (tookMs(worker, proof) <= (isQuick ? MOST_QUICK_MS : MOST_MS)) return undefined;
  return `SETUP and the checks took more than ${isQuick ? 'a minute' : 'ten minutes'}`;
}

/** For whoever reads the work. */
export async function notesAbout(evidence: Evidence, bite: Bite): Promise<string[]> {
  const found = unnoticedIn(bite, (await evidence.plan()).requirements);
  if (found.length === 0) return [];
  const task =
    'Judge whether the tests show what was asked for. Where behaviour was to stay as it was, that is right.';
  return [`${found.join('. ')}. ${task}`];
}
