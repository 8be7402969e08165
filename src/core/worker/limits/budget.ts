import type { Tally } from '../../agents/reading/tally.ts';
import type { NextStep } from '../../kernel/acts.ts';
import {
  describeUsage,
  dueWarnings,
  judgeLimits,
  LIMIT_NAMES,
  type LimitUsage,
  type LimitVerdict,
  limitUsages,
  type SessionLimits,
  type Spent,
  withRaised,
  withSpent,
} from '../../kernel/phases/limits.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import type { Cost } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { plausible, spentBy } from '../../session/events/fold-spent.ts';
import type { OpenIteration, SessionState } from '../../session/events/state.ts';
import { Blocked } from '../state/interrupts.ts';
import { record, recordIfTaken, stateOf, type Worker } from '../state/worker.ts';

export function budgetUses(
  worker: Pick<Worker, 'file'>,
  state: Pick<SessionState, 'spent' | 'raisedLimits'>,
  { phase, live, raised }: { phase: Phase; live?: Spent; raised?: SessionLimits },
): LimitUsage[] {
  const limits = withRaised(withRaised(worker.file.settings.limits, state.raisedLimits), raised);
  return limitUsages(limits, live ? withSpent(state.spent, phase, live) : state.spent, phase);
}

/** Whether a limit is reached if the cost of an agent that has ended is included. */
export function reachesLimit(
  worker: Worker,
  { phase }: { phase: Phase },
  { cost, durationMs }: { cost: Cost; durationMs: number },
): boolean {
  const live = spentBy({ cost, durationMs, ending: 'budget' });
  return judgeLimits(budgetUses(worker, stateOf(worker), { phase, live })).kind !== 'fine';
}

export function budgetVerdict(worker: Worker): LimitVerdict {
  const state = stateOf(worker);
  const uses = budgetUses(worker, state, { phase: state.progress.phase });
  const verdict = judgeLimits(uses);
  if (verdict.kind !== 'fine' || !state.wrapUpDue) return verdict;
  const use = uses.toSorted((a, b) => b.spent / b.limit - a.spent / a.limit)[0];
  return use === undefined ? verdict : { kind: 'wrap_up', use };
}

/** Every reached limit that restricts the next agent to wrapping up. */
export function spentUses(worker: Worker): LimitUsage[] {
  const verdict = budgetVerdict(worker);
  if (verdict.kind === 'fine') return [];
  const state = stateOf(worker);
  const uses = budgetUses(worker, state, { phase: state.progress.phase });
  const spent = uses.filter((each) => judgeLimits([each]).kind !== 'fine');
  return spent.length > 0 ? spent : [verdict.use];
}

/** Warns once at half and once at four fifths of a limit. @param write writes one warning, or defers it */
async function reportBudget(
  worker: Worker,
  uses: readonly LimitUsage[],
  write: (worker: Worker, event: NewEvent) => Promise<unknown> = record,
): Promise<void> {
  for (const due of dueWarnings(uses, stateOf(worker).budgetWarned)) {
    const { limitName, scope, percent, limit, spent } = due;
    const flow = `${percent} % of a limit is used: ${describeUsage(due)}`;
    await write(worker, { type: 'budget_warned', limitName, scope, percent, limit, spent, flow });
  }
}

/**
 * What a running agent has spent so far according to its output: tokens of Claude Code, which enforces a money limit
 * itself, and the cost of opencode. Other CLIs report their spending at the end, in their logs.
 */
export function liveSpent(
  { final, tokens: counted, usd }: Pick<Tally, 'final' | 'tokens' | 'usd'>,
  awakeMs: number,
): Spent {
  const tokens = final?.tokens ?? counted;
  return {
    usd: plausible(final?.costUsd ?? usd ?? 0),
    tokens: plausible(tokens.input + tokens.output),
    hours: awakeMs / 3_600_000,
    iterations: 0,
  };
}

/**
 * Whether to end the running agent: once only the reserve is left or, for the wrap-up agent, once nothing is left.
 * @param live what it has spent so far, as far as `liveSpent` knows
 */
export async function endsByBudget(
  worker: Worker,
  { phase, wrapUp }: Pick<OpenIteration, 'phase' | 'wrapUp'>,
  live: Spent,
): Promise<boolean> {
  const all = budgetUses(worker, stateOf(worker), { phase, live });
  const uses = all.filter(({ limitName }) => limitName !== 'iterations');
  if (uses.length === 0) return false;
  await reportBudget(worker, uses, recordIfTaken);
  const { kind } = judgeLimits(uses);
  return wrapUp ? kind === 'reached' : kind !== 'fine';
}

/** @throws Blocked */
export async function requireBudget(worker: Worker): Promise<void> {
  const state = stateOf(worker);
  const { phase } = state.progress;
  await reportBudget(worker, budgetUses(worker, state, { phase }));
  const verdict = budgetVerdict(worker);
  if (verdict.kind === 'fine' || (verdict.kind === 'wrap_up' && !state.wrappedUp)) return;
  const uses = spentUses(worker);
  const [reason, next, needs] = [budgetReason(uses), higherLimits(uses), 'human_decision'];
  throw new Blocked({ reason, needs, rule: 'budget', next });
}

/** Every exhausted limit: a resume must raise all of them at once. */
export function budgetReason(uses: readonly LimitUsage[]): string {
  const [phase] = uses.map(({ scope }) => scope);
  const holds = uses.some(({ scope }) => scope === 'session')
    ? ''
    : `, which then ${uses.length === 1 ? 'applies' : 'apply'} to ${phase}`;
  const used = uses.map(describeUsage).join(' and ');
  const limits = uses.length === 1 ? 'a higher limit' : 'higher limits';
  return `The budget is spent: ${used}. To continue, resume the session with ${limits}${holds}.`;
}

/** A sufficient limit of each kind; a person names only kinds, not phases. */
export function higherLimits(uses: readonly LimitUsage[]): NextStep[] {
  const args = LIMIT_NAMES.flatMap((name) => {
    const reached = uses
      .filter(({ limitName }) => limitName === name)
      .flatMap(({ limit, spent }) => [limit, spent]);
    return reached.length === 0 ? [] : [[name, Math.ceil(Math.max(...reached) * 2 + 1)]];
  });
  return [{ act: 'raise_limits', args: Object.fromEntries(args), ifWanted: true }];
}

/** The wrap-up agent needs little time. */
export const WRAP_UP_LIMIT_MS = 10 * 60_000;

export const WRAP_UP_NOTE =
  'The budget is nearly spent, and you are the last agent before a person is asked: start nothing new. Commit the existing work, write its state and the next step in the overview, and signal `handoff` with that as its note. Finish within minutes.';
