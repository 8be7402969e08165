import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoint } from '../../kernel/fault-points.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { withEnding } from '../../kernel/phases/outage.ts';
import type { Outcome } from '../../kernel/phases/outcome.ts';
import { type ChildEnd, widens } from '../../kernel/phases/progress.ts';
import { MAX_OUTSIDE_PLAN } from '../../kernel/phases/proving.ts';
import { cut, listed, visibleControls } from '../../kernel/text.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { MAX_SIGNAL_BYTES, parseSignal, type SignalReading } from '../../session/documents/signal.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { NETWORK_REFUSED, WIDENED } from '../../session/events/fold.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { outsidePlanFiles } from '../../session/proof/plan-files.ts';
import { performWork } from '../finish/perform.ts';
import {
  breachOf,
  documentsPrint,
  gitProgramsChanged,
  mainCheckoutMoves,
  mainCheckoutNow,
  snapshotBefore,
} from '../guarding/changes.ts';
import { repairMissingWorktree } from '../guarding/restore-worktree.ts';
import { branchFacts, mainGit } from '../judge/check-facts.ts';
import { guardLoop } from '../judge/loop-guard.ts';
import { reachesLimit } from '../limits/budget.ts';
import { unpriced } from '../limits/output.ts';
import { noteCost } from '../limits/queue.ts';
import { keepWork, notKept, tidyCheckpoints } from '../record/keep-work.ts';
import { moveMessages } from '../record/messages.ts';
import type { OverviewEnd } from '../record/repair-overview.ts';
import { repairOverview } from '../record/repair-overview.ts';
import { Evidence } from '../state/evidence.ts';
import type { Iteration } from '../state/iteration.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { decideChecked } from './decide-checked.ts';
import { type EndedAgent, readAgentEnd } from './end.ts';
import { cliPathNow, renewedAfter } from './start.ts';

/**
 * Judges an agent whose process tree has ended and records the result: the second of an iteration's two commit
 * points. It reads only files, so it has the same result after a crash.
 */
export async function finishIteration(worker: Worker, open: Iteration, ended: EndedAgent): Promise<void> {
  worker.guard.agentRuns = false;
  const left = await collectResults(worker, open, ended);
  const evidence = new Evidence(worker);
  const reading = await readOutcome(evidence, open, { ended, left });
  const { outcome, process, signal, acknowledged } = reading;
  const { overview, kept, repairs, after } = left;
  const found = [...overview.forgeries, ...reading.notices];
  const fresh = open.isLeft ? await unlessRecorded(worker, open, found) : found;
  await record(worker, ...fresh, ...repairs, ...networkRefused(worker, open.iteration));
  // A stop leaves the iteration open: the next worker resumes here, and the checks run again.
  const checked = await decideChecked(evidence, open.iteration, outcome);
  const { decision, print } = await guardLoop(worker, checked.decision, {
    phase: open.phase,
    kept,
    ...reading,
  });
  await noteCost(worker, { iteration: open.iteration, usd: process.cost.usd });
  crashPoint('before-iteration-ended');
  await record(
    worker,
    ...checked.events,
    ...widenedNotice(worker, { ...open, decision, signal }),
    ...notKept(kept),
    ...(acknowledged.length > 0 ? [{ type: 'messages_acknowledged' as const, ids: acknowledged }] : []),
    {
      type: 'iteration_ended',
      iteration: open.iteration,
      phase: open.phase,
      ending: reading.ending,
      exitCode: process.exitCode,
      signal,
      signalNotes: reading.signalNotes,
      decision,
      changed: outcome.changed,
      treeChanged: outcome.treeChanged,
      problem: process.problem,
      cost: process.cost,
      durationMs: ended.awakeMs,
      head: after.worktree?.head,
      print,
      checkpoint: kept.checkpoint,
      outsidePlan: reading.outsidePlan,
      ...overview.lines,
      flowLines: overview.newFlow,
    },
  );
  crashPoint('after-iteration-ended');
  await performWork(worker);
  await tidyIteration(worker, open, { left, acknowledged });
  const { worktree, mainCheckout } = after;
  const hasRunChecks = checked.events.length > 0;
  worker.memory.seen =
    worktree && !hasRunChecks && !left.breach ? { n: stateOf(worker).n, worktree, mainCheckout } : undefined;
}

/** Leaves out what the worker that left this iteration open has recorded: the same is found again. */
async function unlessRecorded(
  { paths }: Worker,
  { iteration }: OpenIteration,
  found: readonly NewEvent[],
): Promise<NewEvent[]> {
  const events = await readEvents(paths, 0);
  const begun = events.findLastIndex(
    (event) => event.type === 'iteration_started' && event.iteration === iteration,
  );
  const known = new Set(events.slice(begun).map(noticeKey));
  return found.filter((event) => !known.has(noticeKey(event)));
}

function noticeKey(event: NewEvent): string {
  if (event.type === 'notice') return `notice ${event.code}`;
  return event.type === 'forgery_seen' ? `forgery ${event.what}` : event.type;
}

/** The results of an agent, after they were kept and forbidden changes were reverted. */
type IterationResults = Awaited<ReturnType<typeof collectResults>>;

/** Keeps the signal and the work of an agent whose process tree has ended; can be repeated after a crash. */
async function collectResults(worker: Worker, open: Iteration, ended: EndedAgent) {
  const gitPrograms = await gitProgramsChanged(worker);
  // After a forbidden change, the signal is ignored.
  const before = await snapshotBefore(open);
  const breach = breachOf(open, { runFolder: ended.runFolder, gitPrograms, afterAgent: true });
  // Without an agent, the signal may be that of an earlier one.
  const isLeftOut = breach !== undefined || ended.end === 'not_started';
  const signal: SignalReading = isLeftOut
    ? { kind: 'missing' }
    : await keepSignal(worker, open, ended.log?.seen.final?.signalText);
  const overview = await repairOverview(worker, open);
  const repairs = await repairMissingWorktree(worker).catch(() => []);
  // In parallel, since each starts git once or twice.
  const { programs } = worker.git;
  const keeping = keepWork(worker, { kind: 'after', iteration: open.iteration }, { programs });
  const mainCheckout = await mainCheckoutNow(worker);
  const kept = await keeping;
  const after = { worktree: kept.worktree, mainCheckout, documents: documentsPrint(worker) };
  return { breach, signal, overview, kept, repairs, before, after };
}

/** For the next agent's prompt, and for the person in the flow log. */
function networkRefused({ guard }: Worker, iteration: number): NewEvent[] {
  const by = { agent: `iteration ${iteration}`, others: 'SETUP, checks or other programs of the project' };
  return (['agent', 'others'] as const).flatMap((of) => {
    const refused = guard.takeRefused(of);
    if (refused.length === 0) return [];
    const text = `The sandbox refused connections of ${by[of]}: ${refused.join('; ')}.`;
    return [{ type: 'notice', code: NETWORK_REFUSED, text, flow: text }];
  });
}

/** Both gates come after all, which the person who chose otherwise must learn. */
function widenedNotice(
  worker: Pick<Worker, 'writer'>,
  end: Pick<ChildEnd, 'phase' | 'decision' | 'signal'>,
): NewEvent[] {
  if (!widens(stateOf(worker).progress, end)) return [];
  const why = oneLine(visibleControls(end.signal?.reason ?? 'no reason given'));
  const text = cut(`grew beyond quick: ${why}`, MAX_WHY);
  const flow = `Questions and a plan come after all; the work ${text}`;
  return [{ type: 'notice', code: WIDENED, text, flow }];
}

const MAX_WHY = 300;

/** Clean-up after a recorded end; it is harmless if a crash interrupts it. */
async function tidyIteration(
  worker: Worker,
  { iteration, phase }: OpenIteration,
  { left, acknowledged }: { left: IterationResults; acknowledged: readonly string[] },
): Promise<void> {
  await moveMessages(worker, acknowledged, worker.paths.inboxRead);
  await worker.guard.tidy();
  removeOldIterations(worker.paths, iteration);
  const { checkpoint } = left.kept;
  if (checkpoint === undefined) return;
  const endsPhase = stateOf(worker).progress.phase === phase ? undefined : phase;
  await tidyCheckpoints(worker, { iteration, commit: checkpoint.commit, endsPhase });
}

/** The number of iterations whose machine files are kept for debugging; a worker needs only the last one. */
export const KEPT_ITERATIONS = 20;

/**
 * Removes the machine files of old iterations: the events hold their results and `_logs/` the agents' output. A
 * failed removal is harmless.
 */
export function removeOldIterations({ iterations }: Pick<SessionPaths, 'iterations'>, ended: number): void {
  for (const name of namesAt(iterations) ?? []) {
    if (!/^\d{3,9}$/.test(name) || Number(name) > ended - KEPT_ITERATIONS) continue;
    try {
      rmSync(join(iterations, name), { recursive: true, force: true });
    } catch {
      return;
    }
  }
}

async function readOutcome(
  evidence: Evidence,
  open: Iteration,
  { ended, left }: { ended: EndedAgent; left: IterationResults },
) {
  const { worker } = evidence;
  const { breach, overview, before, after } = left;
  const process = await readAgentEnd(worker, open, ended);
  const questions = await evidence.questions();
  const plan = await evidence.plan();
  const { outage, messages } = stateOf(worker);
  const [then, now] = [before?.worktree, after.worktree];
  const treeChanged = then?.print !== now?.print || then?.head !== now?.head;
  const acknowledged = acknowledgedIds(worker, left.signal, overview);
  const outcome: Outcome = {
    end: process.end,
    signal: signalOutcome(left.signal),
    breach,
    stopAsked: ended.end === 'stop',
    // The CLI may have enforced our limit before we did.
    cutByLimit:
      process.end === 'budget' &&
      (ended.end === 'budget' || reachesLimit(worker, open, { ...process, durationMs: ended.awakeMs })),
    problem: process.problem,
    limitedUntil: process.limitedUntil,
    ...(process.end === 'auth' && {
      loginRenewed: await renewedAfter(worker, open, await cliPathNow(worker, open.cli)),
    }),
    outage: withEnding(outage, { ending: process.end, durationMs: ended.awakeMs }),
    changed: treeChanged || before?.documents !== after.documents,
    treeChanged,
    questions: { asked: questions.questions.length, open: questions.open },
    plan: plan.outcome,
    hasChecks: await evidence.hasCommands(),
    unacknowledged: messages.unacknowledged.filter((id) => !acknowledged.includes(id)),
  };
  const outsidePlan = await filesOutsidePlan(evidence);
  const notices = [
    ...mainCheckoutMoves(open.iteration, before, after),
    ...unpriced(worker, open, process),
    ...outsidePlanNotice(worker, outsidePlan),
  ];
  const signal = left.signal.kind === 'signal' ? left.signal.signal : undefined;
  const ending = signal ? 'signalled' : process.end;
  const signalNotes = notesAbout(left.signal);
  return { outcome, process, ending, signal, signalNotes, plan, acknowledged, notices, outsidePlan };
}

const MAX_NAMED = 10;

/** Files changed for the current goal that the approved plan does not name; undefined without an approved plan. */
export async function filesOutsidePlan(evidence: Evidence): Promise<string[] | undefined> {
  const { worker } = evidence;
  const { text, outcome } = await evidence.plan();
  if (text === undefined || !outcome.approved) return undefined;
  const tip = await evidence.tip();
  const facts = tip && branchFacts(worker, tip.commit);
  if (facts === undefined) return undefined;
  return outsidePlanFiles(text, await facts.paths(mainGit(worker))).slice(0, MAX_OUTSIDE_PLAN);
}

function outsidePlanNotice(worker: Pick<Worker, 'writer'>, outside: readonly string[] = []): NewEvent[] {
  const { outsidePlan: known = [] } = stateOf(worker);
  const files = outside.filter((path) => !known.includes(path));
  if (files.length === 0) return [];
  const text = `Changed, although the plan does not name them: ${listed(files.map(visibleControls), MAX_NAMED)}`;
  return [{ type: 'notice', code: 'outside_plan', text, flow: text }];
}

/** The agent's signal. The judged bytes are kept, so that the same bytes are judged again after a crash. */
async function keepSignal(worker: Worker, open: Iteration, lastWords?: string): Promise<SignalReading> {
  const kept = open.files.signal;
  const earlier = await readPlainFile(kept, MAX_SIGNAL_BYTES);
  // Empty after a power cut: then the file itself is read again.
  if (earlier.kind === 'bytes' && earlier.bytes.length > 0) return parseSignal(earlier.bytes, open.phase);
  const reading = await readPlainFile(worker.paths.signal, MAX_SIGNAL_BYTES);
  if (reading.kind === 'unusable') return { kind: 'malformed', problem: reading.problem };
  const isUnwritten = reading.kind === 'missing' || parseSignal(reading.bytes, open.phase).kind === 'blank';
  if (isUnwritten && lastWords !== undefined) return await printedSignal(kept, lastWords, open);
  if (reading.kind === 'missing') return { kind: 'missing' };
  writeUnsynced(kept, reading.bytes);
  return parseSignal(reading.bytes, open.phase);
}

/** The signal of an agent that did not write it to the file but printed it last, as its CLI was instructed to. */
async function printedSignal(kept: string, text: string, open: OpenIteration): Promise<SignalReading> {
  const reading = parseSignal(text, open.phase);
  if (reading.kind !== 'signal') return { kind: 'blank' };
  writeUnsynced(kept, Buffer.from(text));
  return {
    ...reading,
    notes: [...reading.notes, 'No _signal.json was written; the last message is the signal.'],
  };
}

function notesAbout(reading: SignalReading): string[] {
  if (reading.kind === 'signal') return reading.notes;
  return reading.kind === 'malformed' ? [reading.problem] : [];
}

export function signalOutcome(reading: SignalReading): Outcome['signal'] {
  if (reading.kind === 'signal') return { kind: 'signal', signal: reading.signal };
  if (reading.kind === 'malformed') return { kind: 'malformed', problem: reading.problem };
  return { kind: 'none' };
}

/** Messages that the agent names in its signal or in its overview changes. */
function acknowledgedIds(worker: Worker, reading: SignalReading, { newFlow, lines }: OverviewEnd): string[] {
  const named = reading.kind === 'signal' ? (reading.signal.acknowledged ?? []) : [];
  const written = [...newFlow, lines.lastAction ?? '', lines.next ?? ''].join('\n');
  return stateOf(worker).messages.unacknowledged.filter((id) => named.includes(id) || written.includes(id));
}
