import { join } from 'node:path';
import * as z from 'zod';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import type { Decision } from '../../kernel/phases/decision.ts';
import { judgeSignal } from '../../kernel/phases/judge-signal.ts';
import { Progress } from '../../kernel/phases/progress.ts';
import { followsPlan, type Phase } from '../../kernel/phases/table.ts';
import { documentText } from './documents.ts';
import { parsePlan } from './plan.ts';
import { plannedOldTests } from './plan-old-tests.ts';
import { planOnDisk } from './plan-on-disk.ts';
import { planServers } from './plan-servers.ts';
import { parseQa } from './qa.ts';
import {
  LEDGER_FORM,
  LEDGER_NAME,
  ledgerFingerprint,
  parseLedger,
  type Requirement,
} from './requirements.ts';
import { MAX_SIGNAL_BYTES, parseSignal, type SignalReading } from './signal.ts';

/** What the worker knew when it started an agent: enough to judge the form of what the agent leaves. */
export const AsStarted = z.object({
  sessionDir: z.string(),
  /** The file with a line for each time that the agent was sent back. */
  toldPath: z.string(),
  progress: Progress,
  rules: z.object({
    gates: z.object({ qa: z.boolean(), plan: z.boolean() }),
    review: z.boolean(),
    plansApart: z.boolean(),
  }),
  hasChecks: z.boolean(),
  /** In a guard, if the agent may run any command: where checks of a ledger are tried, the worktree, still as its base. */
  triesIn: z.string().optional(),
  approvedPlan: z.object({ name: z.string(), hash: z.string() }).optional(),
  /** Messages from the human that no agent has acknowledged. */
  unacknowledged: z.array(z.string()),
  oldPlans: z.array(z.string()),
  oldRounds: z.int(),
  oldLedger: z.string().optional(),
});
export type AsStarted = z.infer<typeof AsStarted>;

/** Why a document does not let the session move on. */
export interface DocumentFault {
  rule: 'ledger' | 'plan_servers' | 'plan_old_tests';
  problem: string;
}

/** Whether documents are looked at before a decision is carried out, and which. */
export function asksForDocuments(phase: Phase, decision: Decision): 'ledger' | 'plan' | undefined {
  const isPlanned = decision.kind === 'park' && decision.for === 'plan_approval';
  if (followsPlan(phase) || phase === 'init') return undefined;
  if (!isPlanned && (decision.kind !== 'run' || decision.phase === phase)) return undefined;
  if (phase === 'investigation' && decision.kind === 'run' && decision.phase === 'requirements')
    return undefined;
  return isPlanned || decision.phase === 'implementation' ? 'plan' : 'ledger';
}

/** Why the ledger, or the plan with it, would be refused for its form. @param plan its text, if it counts as well */
export function documentFault(
  phase: Phase,
  { ledger, plan, oldLedger }: { ledger: string | undefined; plan?: string; oldLedger?: string | undefined },
): DocumentFault | undefined {
  const problem = ledgerFault(phase, ledger, oldLedger);
  if (problem !== undefined) return { rule: 'ledger', problem };
  const servers = planServers(plan ?? '').problems;
  if (servers.length > 0) return { rule: 'plan_servers', problem: servers.join(' ') };
  const tests = plannedOldTests(plan ?? '').problems;
  return tests.length === 0 ? undefined : { rule: 'plan_old_tests', problem: tests.join(' ') };
}

/** A ledger must exist at the end of the requirements, and with a plan. */
function ledgerFault(phase: Phase, text: string | undefined, oldLedger?: string): string | undefined {
  if (text === undefined)
    return phase !== 'planning' ? `There is no ${LEDGER_NAME}. Write it: ${LEDGER_FORM}.` : undefined;
  const reading = parseLedger(text);
  if (reading.kind === 'malformed') return `${LEDGER_NAME} is refused: ${reading.problem}.`;
  return ledgerFingerprint(text) === oldLedger
    ? `${LEDGER_NAME} is still that of the previous goal. Write one for the current goal: ${LEDGER_FORM}.`
    : undefined;
}

interface Form {
  /** A sentence each. */
  problems: string[];
  /** The requirements of a ledger that is about to be accepted. */
  accepted?: Requirement[];
}

/**
 * What an agent that is about to end should repair in the form of what it wrote: all that the worker would refuse, and
 * what a person could not work with. Reads files alone; the worker judges them again.
 * @param lastWords its last message, which counts as the signal if the file is blank
 */
export async function formLeft(started: AsStarted, lastWords = ''): Promise<Form> {
  const { sessionDir, progress, rules, hasChecks } = started;
  const reading = await signalIn(started, lastWords);
  if (reading.kind !== 'signal') {
    const why = reading.kind === 'malformed' ? `is refused: ${reading.problem}` : 'is not written yet';
    return { problems: [`${join(sessionDir, '_signal.json')} ${why}.`] };
  }
  const qa = await documentText(join(sessionDir, '_qa.md'));
  const asked = qa === undefined ? undefined : parseQa(qa);
  const questions = (asked?.questions ?? []).filter(({ round }) => round > started.oldRounds);
  const open = questions.flatMap(({ id, answer }) => (answer === undefined ? [id] : []));
  const plan = await planOnDisk(started);
  const outcome = {
    plan: plan.outcome,
    questions: { asked: questions.length, open },
    treeChanged: false,
    unacknowledged: await unnamed(started, reading.signal.acknowledged),
    hasChecks,
  };
  const verdict = judgeSignal({ progress, rules, outcome }, reading.signal);
  // Earlier questions stay as they are.
  const unclear = (asked?.problems ?? []).filter((problem) => open.includes(problem.split(' ')[0] ?? ''));
  if (verdict.kind === 'refused') {
    const ofQa = unclear.map((problem) => `_qa.md: ${problem}`);
    return { problems: [`_signal.json is refused: ${verdict.problem}`, ...ofQa] };
  }
  const { decision } = verdict;
  if (decision.kind === 'park' && decision.for === 'qa_answers')
    return { problems: unclear.map((problem) => `_qa.md is refused: ${problem}`) };
  const wanted = asksForDocuments(progress.phase, decision);
  if (wanted === undefined) return { problems: [] };
  const isPlan = wanted === 'plan';
  const fault = documentFault(progress.phase, {
    ...started,
    ledger: plan.ledger,
    ...(isPlan && { plan: plan.text }),
  });
  const problems = [
    ...(fault === undefined ? [] : [fault.problem]),
    ...(isPlan ? withoutBoxes(plan.text) : []),
  ];
  const ledger = plan.ledger === undefined ? undefined : parseLedger(plan.ledger);
  return { problems, ...(ledger?.kind === 'ledger' && { accepted: ledger.requirements }) };
}

/** Messages that neither the signal nor the overview names. */
async function unnamed({ sessionDir, unacknowledged }: AsStarted, named: readonly string[] = []) {
  if (unacknowledged.length === 0) return [];
  const overview = (await documentText(join(sessionDir, '_overview.md'))) ?? '';
  return unacknowledged.filter((id) => !named.includes(id) && !overview.includes(id));
}

async function signalIn({ sessionDir, progress }: AsStarted, lastWords: string): Promise<SignalReading> {
  const file = await readPlainFile(join(sessionDir, '_signal.json'), MAX_SIGNAL_BYTES);
  if (file.kind === 'unusable') return { kind: 'malformed', problem: file.problem };
  const written = parseSignal(file.kind === 'bytes' ? file.bytes : undefined, progress.phase);
  if (written.kind !== 'blank' && written.kind !== 'missing') return written;
  const said = parseSignal(lastWords, progress.phase);
  return said.kind === 'signal' ? said : written;
}

/** A phase of a plan is done when its boxes are ticked: without one, nobody can tell. */
function withoutBoxes(plan = ''): string[] {
  const { phases } = parsePlan(plan);
  if (phases.length === 0) return ['The plan has no phase: "### Phase 1: name", with a box for each step.'];
  const empty = phases.filter(({ steps }) => steps.total === 0).map(({ number }) => number);
  return empty.map((number) => `Phase ${number} of the plan has no box ("- [ ] step").`);
}
