import { createWhole } from '../base/atomic-file.ts';
import { crashPoint } from '../base/fault-points.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { afterFailedChecks, afterImpossibleChecks, afterUnreadMessages } from '../phases/after-checks.ts';
import { decide } from '../phases/decide.ts';
import type { Decision } from '../phases/decision.ts';
import { withEnding } from '../phases/outage.ts';
import type { Outcome, Rules } from '../phases/outcome.ts';
import { iterationPaths } from '../session/paths.ts';
import { MAX_SIGNAL_BYTES, parseSignal, type SignalReading } from '../session/signal.ts';
import type { OpenIteration } from '../session/state.ts';
import { noteCost } from './day-spent.ts';
import { readPlanEvidence, readQuestions } from './evidence.ts';
import { type ChildEnded, howItEnded, isCapsCut } from './how-it-ended.ts';
import { commitReadableFiles, type KeptWork, keepWork, notKept, tidyCheckpoints } from './keep-work.ts';
import { keepLook } from './last-look.ts';
import { breachOf, gitProgramsChanged, mainCheckoutMoves } from './look-around.ts';
import { guardLoop } from './loop-guard.ts';
import { mendNotebook, type NotebookEnd } from './mend-notebook.ts';
import { putAwayMessages } from './messages.ts';
import { putAwayOldFlow } from './old-flow.ts';
import { removeOldIterations } from './old-iterations.ts';
import { patienceOf } from './outage-end.ts';
import { runChecks } from './run-checks.ts';
import { settleEvents } from './settle.ts';
import { documentsPrint, lookAtMainCheckout, type Snapshot, snapshotBefore } from './snapshot.ts';
import { stopEvents } from './stopped.ts';
import { unpriced } from './unpriced.ts';
import { record, stateOf, type Worker } from './worker.ts';
import { mendWorktree } from './worktree-stands.ts';

/**
 * Judges a child whose whole tree is gone and commits the result: the second of an iteration's two
 * commit points. Everything it reads is on disk, so after a crash it comes to the same end.
 */
export async function finishIteration(worker: Worker, open: OpenIteration, ended: ChildEnded): Promise<void> {
  const looked = await lookAt(worker, open, ended);
  const { signal, process, outcome, plan, acknowledged, said, notebook, after, kept } = looked;
  const recorded = signal.kind === 'signal' ? signal.signal : undefined;
  const ending = recorded ? 'signalled' : process.end;
  const decided = await checked(worker, decide(stateOf(worker).progress, outcome, rulesOf(worker)));
  if (decided === undefined) {
    // The iteration stays open: whoever goes on comes back here, and the checks run again.
    await record(worker, ...said, ...stopEvents(worker));
    return;
  }
  const question = { phase: open.phase, signal: recorded, ending, kept, plan };
  const { decision, print } = guardLoop(worker, decided, question);
  await noteCost(worker, open.iteration, process.cost.usd);
  crashPoint('before-iteration-ended');
  await record(
    worker,
    ...said,
    ...notKept(kept),
    ...(acknowledged.length > 0 ? [{ type: 'messages_acknowledged' as const, ids: acknowledged }] : []),
    {
      type: 'iteration_ended',
      iteration: open.iteration,
      phase: open.phase,
      ending,
      exitCode: process.exitCode,
      signal: recorded,
      signalNotes: notesAbout(signal),
      decision,
      changed: outcome.changed,
      treeChanged: outcome.treeChanged,
      problem: process.problem,
      cost: process.cost,
      durationMs: ended.awakeMs,
      head: after.worktree?.head,
      print,
      checkpoint: kept.checkpoint,
      ...notebook.lines,
      flowLines: notebook.newFlow,
    },
  );
  crashPoint('after-iteration-ended');
  await record(worker, ...(await settleEvents(worker)));
  await putAwayMessages(worker, acknowledged);
  await tidy(worker, open, kept);
  keepLook(worker, after);
}

/** Everything that the decision rests on, what is to be told beside it, and the child's work as it is kept. */
async function lookAt(worker: Worker, open: OpenIteration, ended: ChildEnded) {
  const breach = breachOf(open, {
    runFolder: ended.runFolder,
    gitPrograms: await gitProgramsChanged(worker),
    afterChild: true,
  });
  const signal: SignalReading = breach
    ? { kind: 'missing' }
    : await readSignal(worker, open, ended.log?.final?.signalText);
  const process = await howItEnded(worker, open, ended);
  const notebook = await mendNotebook(worker, open);
  const questions = await readQuestions(worker);
  const plan = await readPlanEvidence(worker);
  const before = await snapshotBefore(worker, open);
  const mended = await mendWorktree(worker).catch(() => []);
  // Side by side: each is a start of git or two.
  const keeping = keepWork(worker, { kind: 'after', iteration: open.iteration });
  const mainCheckout = await lookAtMainCheckout(worker);
  const kept = await keeping;
  const after: Snapshot = {
    worktree: kept.worktree,
    mainCheckout,
    documents: documentsPrint(worker),
  };
  const treeChanged = before?.worktree?.print !== after.worktree?.print;
  const acknowledged = acknowledgedIds(worker, signal, notebook);
  const outage = withEnding(stateOf(worker).outage, { ending: process.end, durationMs: ended.awakeMs });
  const outcome: Outcome = {
    end: process.end,
    signal: signalOutcome(signal),
    breach,
    stopAsked: ended.end === 'stop',
    capCut: isCapsCut(worker, open, ended, process),
    problem: process.problem,
    limitedUntil: process.limitedUntil,
    outage,
    changed: treeChanged || before?.documents !== after.documents,
    treeChanged,
    questions: { asked: questions.questions.length, open: questions.open },
    plan: plan.outcome,
    unacknowledged: stateOf(worker).messages.unacknowledged.filter((id) => !acknowledged.includes(id)),
  };
  const said = [
    ...notebook.forgeries,
    ...mended,
    ...mainCheckoutMoves(open.iteration, before, after),
    ...unpriced(worker, open, process),
  ];
  return { signal, process, outcome, plan, acknowledged, said, notebook, after, kept };
}

async function tidy(worker: Worker, { iteration, phase }: OpenIteration, kept: KeptWork): Promise<void> {
  await putAwayOldFlow(worker.paths, { n: stateOf(worker).n, all: false });
  await commitReadableFiles(worker);
  removeOldIterations(worker.paths, iteration);
  if (kept.checkpoint === undefined) return;
  const endsPhase = stateOf(worker).progress.phase === phase ? {} : { endsPhase: phase };
  await tidyCheckpoints(worker, { iteration, commit: kept.checkpoint.commit, ...endsPhase });
}

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

function notesAbout(reading: SignalReading): string[] {
  if (reading.kind === 'signal') return reading.notes;
  return reading.kind === 'malformed' ? [reading.problem] : [];
}

function signalOutcome(reading: SignalReading): Outcome['signal'] {
  if (reading.kind === 'signal') return { kind: 'signal', signal: reading.signal };
  if (reading.kind === 'malformed') return { kind: 'malformed', problem: reading.problem };
  return { kind: 'none' };
}

/** Messages that the child names in its signal, or in what it wrote into the notebook. */
function acknowledgedIds(worker: Worker, reading: SignalReading, { newFlow, lines }: NotebookEnd): string[] {
  const named = reading.kind === 'signal' ? (reading.signal.acknowledged ?? []) : [];
  const written = [...newFlow, lines.lastAction ?? '', lines.next ?? ''].join('\n');
  return stateOf(worker).messages.unacknowledged.filter((id) => named.includes(id) || written.includes(id));
}

/**
 * A decision to be done holds only when the project's own checks pass and no message of a person is left unread, also
 * none that comes while they run. @returns undefined when they were stopped
 */
async function checked(worker: Worker, decision: Decision): Promise<Decision | undefined> {
  if (decision.kind !== 'done') return decision;
  if (hasUnread(worker)) return afterUnreadMessages(stateOf(worker).progress);
  const end = await runChecks(worker);
  if (end.kind === 'stopped') return undefined;
  const { progress } = stateOf(worker);
  if (end.kind === 'impossible') return afterImpossibleChecks(progress, end.reason);
  if (end.failures.length > 0) return afterFailedChecks(progress, end.failures);
  return hasUnread(worker) ? afterUnreadMessages(progress) : decision;
}

function hasUnread(worker: Worker): boolean {
  return stateOf(worker).messages.waiting.length > 0;
}

function rulesOf(worker: Worker): Rules {
  const { settings } = worker.file;
  // A plan always parks; a gate that is left open is opened there, on record, as the person's choice.
  const gates = { qa: settings.gates.includes('qa'), plan: true };
  return { gates, maxRetries: settings.maxRetries, patience: patienceOf(settings) };
}
