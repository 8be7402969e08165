import { readTail } from '../base/append-lines.ts';
import { createWhole } from '../base/atomic-file.ts';
import { crashPoint } from '../base/fault-points.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { afterFailedChecks } from '../phases/after-checks.ts';
import { decide } from '../phases/decide.ts';
import type { Decision } from '../phases/decision.ts';
import type { EndingKind } from '../phases/ending.ts';
import type { Outcome, Rules } from '../phases/outcome.ts';
import type { Traces } from '../providers/provider.ts';
import { providerNamed } from '../providers/registry.ts';
import { type ChildRecord, exitFile, NEVER_STARTED } from '../providers/run-child.ts';
import type { Cost } from '../session/event-types.ts';
import { iterationPaths } from '../session/paths.ts';
import { MAX_SIGNAL_BYTES, parseSignal, type SignalReading } from '../session/signal.ts';
import type { OpenIteration } from '../session/state.ts';
import { logPaths } from './begin-iteration.ts';
import type { ChildLog } from './child-log.ts';
import { costOf } from './cost-of.ts';
import { readPlanEvidence, readQuestions } from './evidence.ts';
import { commitReadableFiles, keepWork, tidyCheckpoints } from './keep-work.ts';
import { gitSettingsChanges, mainCheckoutMoves } from './look-around.ts';
import { mendNotebook } from './mend-notebook.ts';
import { failedChecks } from './run-checks.ts';
import { settleEvents } from './settle.ts';
import { Snapshot, takeSnapshot } from './snapshot.ts';
import type { WatchEnd } from './watch-child.ts';
import { record, stateOf, type Worker } from './worker.ts';
import { mendWorktree } from './worktree-stands.ts';

export interface ChildEnded {
  end: WatchEnd | 'not_started';
  awakeMs: number;
  child?: ChildRecord;
  log?: ChildLog;
  problem?: string;
}

/**
 * Judges a child whose whole tree is gone and commits the result: the second of an iteration's two
 * commit points. Everything it reads is on disk, so after a crash it comes to the same end.
 */
export async function finishIteration(worker: Worker, open: OpenIteration, ended: ChildEnded): Promise<void> {
  const signal = await readSignal(worker, open, ended.log?.final?.signalText);
  const process = await howItEnded(worker, open, ended);
  const planted = await gitSettingsChanges(worker);
  const notebook = await mendNotebook(worker, open);
  const questions = await readQuestions(worker);
  const plan = await readPlanEvidence(worker);
  const before = await snapshotBefore(worker, open);
  const mended = await mendWorktree(worker).catch(() => []);
  const after = await takeSnapshot(worker);
  const treeChanged = JSON.stringify(before?.tree) !== JSON.stringify(after.tree);
  const acknowledged = acknowledgedIds(worker, signal);
  const outcome: Outcome = {
    end: process.end,
    signal: signalOutcome(signal),
    stopAsked: ended.end === 'stop',
    ...(process.problem !== undefined && { problem: process.problem }),
    ...(process.limitedUntil !== undefined && { limitedUntil: process.limitedUntil }),
    changed: treeChanged || before?.documents !== after.documents,
    treeChanged,
    questions: { asked: questions.questions.length, open: questions.open },
    plan: plan.outcome,
    unacknowledged: stateOf(worker).messages.unacknowledged.filter((id) => !acknowledged.includes(id)),
  };
  const decision = await checked(worker, decide(stateOf(worker).progress, outcome, rulesOf(worker)));
  const kept = await keepWork(worker, { kind: 'after', iteration: open.iteration });
  crashPoint('before-iteration-ended');
  const recorded = signal.kind === 'signal' ? signal.signal : undefined;
  await record(
    worker,
    ...planted,
    ...notebook.forgeries,
    ...mended,
    ...mainCheckoutMoves(open.iteration, before, after),
    ...(kept.problem !== undefined
      ? [{ type: 'notice' as const, code: 'checkpoint', text: kept.problem }]
      : []),
    ...(acknowledged.length > 0 ? [{ type: 'messages_acknowledged' as const, ids: acknowledged }] : []),
    {
      type: 'iteration_ended',
      iteration: open.iteration,
      phase: open.phase,
      ending: recorded ? 'signalled' : process.end,
      exitCode: process.exitCode,
      ...(recorded && { signal: recorded }),
      signalNotes:
        signal.kind === 'signal' ? signal.notes : signal.kind === 'malformed' ? [signal.problem] : [],
      decision,
      changed: outcome.changed,
      treeChanged,
      ...(process.problem !== undefined && { problem: process.problem }),
      cost: process.cost,
      durationMs: ended.awakeMs,
      ...(after.tree && { head: after.tree.head }),
      ...(kept.checkpoint && { checkpoint: kept.checkpoint }),
      ...notebook.lines,
      flowLines: notebook.newFlow,
    },
  );
  crashPoint('after-iteration-ended');
  await record(worker, ...(await settleEvents(worker)));
  await commitReadableFiles(worker);
  if (kept.checkpoint) {
    const endsPhase = stateOf(worker).progress.phase === open.phase ? {} : { endsPhase: open.phase };
    const { commit } = kept.checkpoint;
    await tidyCheckpoints(worker, { iteration: open.iteration, commit, ...endsPhase });
  }
}

interface ProcessEnd {
  end: EndingKind;
  exitCode: number | null;
  problem?: string;
  limitedUntil?: number;
  cost: Cost;
}

async function howItEnded(worker: Worker, open: OpenIteration, ended: ChildEnded): Promise<ProcessEnd> {
  const { exit } = iterationPaths(worker.paths, open.iteration);
  const exitText = ended.child && (await readText(exitFile(exit, ended.child)));
  const exitCode = exitText !== undefined && /^\d+$/.test(exitText) ? Number(exitText) : null;
  const final = ended.log?.final;
  const traces = await tracesOf(worker, open, ended.log);
  const cost = await costOf(worker, open, { log: ended.log, traces });
  const base = { exitCode, cost, ...(ended.problem !== undefined && { problem: ended.problem }) };
  if (ended.end === 'not_started' || exitText === NEVER_STARTED) return { ...base, end: 'not_started' };
  const byUs = ENDED_BY_US[ended.end];
  if (byUs !== undefined) return { ...base, ...byUs };
  const stderrTail = await readTail(logPaths(worker, open).stderr, 8192);
  const problem = providerNamed(open.provider).classifyEnd(final, { exitCode, endedByUs: false, stderrTail });
  if (problem === undefined) return { ...base, end: 'no_signal' };
  const said = problem.kind === 'usage_limit' ? problem.until : undefined;
  const limitedUntil =
    problem.kind === 'usage_limit'
      ? (said ?? ended.log?.seen.limitedUntil ?? traces.limitedUntil)
      : undefined;
  const advice = 'advice' in problem ? problem.advice : undefined;
  const text = [final?.text, advice].filter((part) => part !== undefined).join(' ');
  return {
    ...base,
    end: problem.kind,
    ...(text !== '' && { problem: text }),
    ...(limitedUntil !== undefined && { limitedUntil }),
  };
}

async function tracesOf(worker: Worker, open: OpenIteration, log: ChildLog | undefined): Promise<Traces> {
  const { readTraces } = providerNamed(open.provider);
  const cliSession = log?.seen.started.cliSession;
  if (readTraces === undefined || cliSession === undefined) return {};
  return await readTraces({ cliSession, env: worker.env, final: log?.final, now: worker.clock.now() });
}

/** How an iteration ended that the worker ended; a child that lingers after its last word has ended by itself. */
const ENDED_BY_US: Partial<Record<ChildEnded['end'], Pick<ProcessEnd, 'end' | 'problem'>>> = {
  timeout: { end: 'timeout' },
  flooded: { end: 'flooded' },
  stop: { end: 'killed' },
  network: { end: 'network', problem: 'It only waited for the network.' },
  silent: { end: 'timeout', problem: 'It printed nothing at all after its start.' },
  stalled: { end: 'timeout', problem: 'It stalled: no output, no file change and no CPU time.' },
};

/** The child's last word; the bytes that are judged are kept, and judged again after a crash. */
async function readSignal(worker: Worker, open: OpenIteration, lastWords?: string): Promise<SignalReading> {
  const kept = iterationPaths(worker.paths, open.iteration).signal;
  const earlier = await readPlainFile(kept, MAX_SIGNAL_BYTES);
  if (earlier.kind === 'bytes') return parseSignal(earlier.bytes, open.phase);
  const reading = await readPlainFile(worker.paths.signal, MAX_SIGNAL_BYTES);
  if (reading.kind === 'unusable') return { kind: 'malformed', problem: reading.problem };
  const isUnwritten = reading.kind === 'missing' || parseSignal(reading.bytes, open.phase).kind === 'blank';
  if (isUnwritten && lastWords !== undefined) return await signalSpoken(kept, lastWords, open);
  if (reading.kind === 'missing') return { kind: 'missing' };
  await createWhole(kept, reading.bytes);
  return parseSignal(reading.bytes, open.phase);
}

/** A child that wrote no file but ended with the signal's words, as its CLI was told to make it. */
async function signalSpoken(kept: string, words: string, open: OpenIteration): Promise<SignalReading> {
  const reading = parseSignal(words, open.phase);
  if (reading.kind !== 'signal') return { kind: 'blank' };
  await createWhole(kept, Buffer.from(words));
  return {
    ...reading,
    notes: [...reading.notes, 'No _signal.json was written; the last message is the signal.'],
  };
}

function signalOutcome(reading: SignalReading): Outcome['signal'] {
  if (reading.kind === 'signal') return { kind: 'signal', signal: reading.signal };
  if (reading.kind === 'malformed') return { kind: 'malformed', problem: reading.problem };
  return { kind: 'none' };
}

function acknowledgedIds(worker: Worker, reading: SignalReading): string[] {
  const named = reading.kind === 'signal' ? (reading.signal.acknowledged ?? []) : [];
  return stateOf(worker).messages.unacknowledged.filter((id) => named.includes(id));
}

/** A decision to be done holds only when the project's own checks pass. */
async function checked(worker: Worker, decision: Decision): Promise<Decision> {
  if (decision.kind !== 'done') return decision;
  const failures = await failedChecks(worker);
  return failures.length === 0 ? decision : afterFailedChecks(stateOf(worker).progress, failures);
}

async function snapshotBefore(worker: Worker, open: OpenIteration): Promise<Snapshot | undefined> {
  const text = await readText(iterationPaths(worker.paths, open.iteration).before);
  try {
    return text === undefined ? undefined : Snapshot.parse(JSON.parse(text));
  } catch {
    // Damaged while no worker lived: then everything counts as changed.
    return undefined;
  }
}

/** A pipe or a link under the name of one of our files is none. */
async function readText(path: string): Promise<string | undefined> {
  const reading = await readPlainFile(path, MAX_SIGNAL_BYTES);
  return reading.kind === 'bytes' ? reading.bytes.toString('utf8').trim() : undefined;
}

export function rulesOf(worker: Worker): Rules {
  const { gates, maxRetries } = worker.file.settings;
  // A plan always parks; a gate that is left open is opened there, on record, as the person's choice.
  return { gates: { qa: gates.includes('qa'), plan: true }, maxRetries };
}
