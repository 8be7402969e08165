import { type Caps, type CapUse, judgeCaps } from '../../phases/caps.ts';
import type { Phase } from '../../phases/table.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { acceptsPrograms, judgeResume, type ResumeFacts } from '../../session/commands/judge-running.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { ledgerPrint, ledgerText } from '../../session/documents/requirements.ts';
import type { EventBody } from '../../session/events/bodies/event-types.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { SessionState } from '../../session/events/state.ts';
import { childChoice } from '../core/child-choice.ts';
import type { Handler } from '../core/command-outcome.ts';
import { branchTip, readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { documentNames } from '../documents/own-documents.ts';
import { levelBlockedFor } from '../guarding/check-sandbox-level.ts';
import { budgetReason, budgetUses, higherLimits, spentUses } from '../limits/budget.ts';
import { liftSharedLimit } from '../limits/shared-limit.ts';

/** Lets a session go on: after a stop, a block, a limit or a wait for something that people do; or with a new goal. */
export const resume: Handler<'resume'> = async (worker, given) => {
  const command = meantForPhase(worker, given);
  const state = stateOf(worker);
  // Whoever resumes may have repaired the machine.
  worker.guard.forget();
  const lowered = await levelBlockedFor(worker);
  const verdict = judgeResume(command, state, { spent: stillSpent(worker, command), lowered });
  if (verdict.kind === 'refused') return verdict;
  const { phase, resetsCounts } = verdict;
  // Before its event: whatever ends the worker in between, the person has said so, and may say so again.
  if (acceptsPrograms(state)) await worker.git.accept(state.worktree?.path);
  const { by, note, goal, caps, child, checks, proving } = command;
  const said = { by, note, caps, child, checks, proving };
  if (goal !== undefined) return { events: [await newGoal(worker, goal, said)] };
  const flow = 'Session resumed';
  const events = [{ type: 'resumed', ...said, phase, resetsCounts, sandbox: lowered, flow } as const];
  // Whoever resumes by hand knows more than the time that the provider gave.
  const isAccounts = state.status.kind === 'limited' && state.status.outage === undefined;
  return isAccounts ? { events, after: () => liftLimit(worker) } : { events };
};

async function liftLimit(worker: Worker): Promise<void> {
  const { provider } = childChoice(worker, stateOf(worker).progress.phase);
  await liftSharedLimit(worker, provider.name);
}

/** A person names kinds of limits alone: more of the kind that has run out in a phase is meant for that phase. */
function meantForPhase(worker: Worker, command: CommandOf<'resume'>): CommandOf<'resume'> {
  if (command.caps === undefined) return command;
  const session = { ...command.caps.session };
  const ofPhase: Caps = {};
  const spent = runOut(worker, command);
  for (const { cap } of spent.filter(({ scope }) => scope !== 'session')) {
    const more = session[cap];
    if (more === undefined) continue;
    ofPhase[cap] = more;
    // Meant for both where both have run out; what is less for the session than it has is meant for the phase.
    const whole = spent.find((use) => use.cap === cap && use.scope === 'session');
    if (whole === undefined || more <= whole.limit) delete session[cap];
  }
  if (Object.keys(ofPhase).length === 0) return command;
  return { ...command, caps: { session, phases: { [nextPhase(worker, command)]: ofPhase } } };
}

/** What keeps the next child from its work. */
function runOut(worker: Worker, command: CommandOf<'resume'>): CapUse[] {
  const state = stateOf(worker);
  return isBudgets(state) ? spentUses(worker) : reachedUses(worker, { ...command, caps: undefined });
}

function reachedUses(worker: Worker, { caps: raised, ...command }: CommandOf<'resume'>): CapUse[] {
  const phase = nextPhase(worker, command);
  const uses = budgetUses(worker, stateOf(worker), { phase, raised });
  return uses.filter((use) => judgeCaps([use]).kind === 'reached');
}

function nextPhase(worker: Worker, { goal }: Pick<CommandOf<'resume'>, 'goal'>): Phase {
  return goal === undefined ? stateOf(worker).progress.phase : 'investigation';
}

function isBudgets({ status }: SessionState): boolean {
  return status.kind === 'blocked' && status.rule === 'budget';
}

/** Going on would only block again: better said at once. */
function stillSpent(worker: Worker, command: CommandOf<'resume'>): ResumeFacts['spent'] {
  if (!isBudgets(stateOf(worker)) && command.caps === undefined) return undefined;
  const reached = reachedUses(worker, command);
  if (reached.length === 0) return undefined;
  // Nothing of this resume is kept: the next one must raise what it has raised too.
  const isOther = (use: CapUse) => !reached.some(({ cap, scope }) => cap === use.cap && scope === use.scope);
  const all = [...reached, ...runOut(worker, command).filter(isOther)];
  return { reason: budgetReason(all), next: higherLimits(all) };
}

/** Other work begins: questions, plans, ledger and commits that are there by now belong to the work before. */
async function newGoal(
  worker: Worker,
  goal: string,
  given: Omit<EventBody<'resumed'>, 'phase' | 'resetsCounts'>,
): Promise<NewEvent> {
  const { questions } = await readQuestions(worker);
  return {
    ...given,
    type: 'resumed',
    phase: 'investigation',
    resetsCounts: true,
    goal,
    oldRounds: Math.max(stateOf(worker).oldRounds, ...questions.map(({ round }) => round)),
    oldPlans: documentNames(worker).filter((name) => parseDocumentName(name)?.kind === 'plan'),
    oldLedger: ledgerPrint(await ledgerText(worker.paths)),
    oldTip: await branchTip(worker),
    flow: `New goal: ${goal.split('\n')[0]}`,
  };
}
