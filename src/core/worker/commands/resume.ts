import { providerNamed } from '../../agents/registry.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { judgeLimits, type LimitUsage, type SpendingLimits } from '../../kernel/phases/limits.ts';
import { firstPhase } from '../../kernel/phases/progress.ts';
import type { Phase, Way } from '../../kernel/phases/table.ts';
import { isExecutable } from '../../sandbox/programs/usual-places.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { closedLimits } from '../../session/commands/judge-limits.ts';
import {
  acceptsPrograms,
  isOutOfBudget,
  judgeResume,
  type ResumeFacts,
} from '../../session/commands/judge-running.ts';
import { channelRefusal } from '../../session/commands/refused.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { ledgerFingerprint, ledgerText } from '../../session/documents/requirements.ts';
import type { ChosenAgent, EventBody } from '../../session/events/bodies/event-types.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { SETUP_DUE } from '../../session/layout/paths.ts';
import { documentNames } from '../documents/own-documents.ts';
import { levelBlockedFor } from '../guarding/sandbox-level.ts';
import { liftSharedLimit } from '../limits/account.ts';
import { budgetReason, budgetUses, higherLimits, spentUses } from '../limits/budget.ts';
import { agentChoice } from '../state/agent-choice.ts';
import { branchTip, readQuestions } from '../state/evidence.ts';
import type { Handler } from '../state/extension.ts';
import { findProgram } from '../state/find-program.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { closedGate, phaseSet } from './phase-edit.ts';

/** Continues a session after a stop, a block, a limit or a wait for people, or with a new goal. */
export const resume: Handler<'resume'> = async (worker, given) => {
  const command = appliedToPhase(worker, given);
  const state = stateOf(worker);
  // A person may have repaired the machine, so test the guard again.
  worker.guard.forget();
  const lowered = await levelBlockedFor(worker);
  const { phase: asked } = command;
  const closedBefore = asked && (await closedGate(worker, asked));
  const facts = { spent: stillReached(worker, command), lowered, closedGate: closedBefore };
  const verdict = judgeResume(command, state, facts);
  if (verdict.kind === 'refused') return verdict;
  const { phase, resetsCounts } = verdict;
  const { raisedLimits } = state;
  const closed = closedLimits(command.limits, command.by, { ...worker.file.settings, raisedLimits });
  if (closed) return closed;
  // Written before the event, so a crash loses nothing; repeating it is harmless.
  // What no agent could reach until now was never compared.
  if (acceptsPrograms(state) || lowered !== undefined) await worker.git.accept(state.worktree?.path);
  // Whoever resumes may have repaired what SETUP needs: then no agent is spent on it.
  if (state.worktree !== undefined && phase === 'init') writeUnsynced(worker.paths.setup, SETUP_DUE);
  const { by, note, goal, limits, checks, proving } = command;
  const agent = await withProgram(worker, command.agent);
  const common = { by, note, limits, agent, checks, proving };
  if (goal !== undefined) return { events: await newGoal(worker, goal, common) };
  // A person who resumes may know better than the time that the provider stated.
  const isAccounts = state.status.kind === 'limited' && !state.status.outage && !state.status.kept;
  if (isAccounts) await liftSharedLimit(worker, agent?.provider ?? agentChoice(worker, phase).provider.name);
  const moved = asked === undefined || asked === state.progress.phase ? [] : [phaseSet(worker, asked)];
  const flow = 'Session resumed';
  return {
    events: [...moved, { type: 'resumed', ...common, phase, resetsCounts, sandbox: lowered, flow }],
  };
};

/** A program that this machine finds: a command is a file, which could name any. */
async function withProgram(
  worker: Worker,
  given: CommandOf<'resume'>['agent'],
): Promise<ChosenAgent | undefined> {
  if (given === undefined) return undefined;
  const { cliPath: _, ...agent } = given;
  if (agent.provider === undefined) return agent;
  const known = worker.file.settings.cliPaths[agent.provider];
  const isUsable = known !== undefined && (await isExecutable(known));
  const cliPath = isUsable ? known : await findProgram(worker, providerNamed(agent.provider));
  return { ...agent, ...(cliPath !== undefined && { cliPath }) };
}

/** A person names only the kind of a limit. If that limit is reached in a phase, the new value applies to the phase. */
function appliedToPhase(worker: Worker, command: CommandOf<'resume'>): CommandOf<'resume'> {
  if (command.limits === undefined) return command;
  const session = { ...command.limits.session };
  const ofPhase: SpendingLimits = {};
  const spent = reachedLimits(worker, command);
  for (const { limitName } of spent.filter(({ scope }) => scope !== 'session')) {
    const more = session[limitName];
    if (more === undefined) continue;
    ofPhase[limitName] = more;
    // If both are reached, a value above the session's limit applies to both, any other only to the phase.
    const whole = spent.find((use) => use.limitName === limitName && use.scope === 'session');
    if (whole === undefined || more <= whole.limit) delete session[limitName];
  }
  if (Object.keys(ofPhase).length === 0) return command;
  return { ...command, limits: { session, phases: { [nextPhase(worker, command)]: ofPhase } } };
}

/** The limits that would stop the next agent. */
function reachedLimits(worker: Worker, command: CommandOf<'resume'>): LimitUsage[] {
  const state = stateOf(worker);
  return isOutOfBudget(state) ? spentUses(worker) : reachedUses(worker, { ...command, limits: undefined });
}

function reachedUses(worker: Worker, { limits: raised, ...command }: CommandOf<'resume'>): LimitUsage[] {
  const phase = nextPhase(worker, command);
  const uses = budgetUses(worker, stateOf(worker), { phase, raised });
  return uses.filter((use) => judgeLimits([use]).kind === 'reached');
}

function nextPhase(
  worker: Worker,
  { goal, by, phase }: Pick<CommandOf<'resume'>, 'goal' | 'by' | 'phase'>,
): Phase {
  return goal === undefined ? (phase ?? stateOf(worker).progress.phase) : firstPhase(wayOfGoal(worker, by));
}

/** Quick again, if whoever gives the goal may open gates. */
function wayOfGoal(worker: Worker, by: By): Way {
  const isQuick = stateOf(worker).progress.way === 'quick';
  return isQuick && !channelRefusal(by, worker.file.settings) ? 'quick' : 'full';
}

/** Refuses a resume that would only block again. */
function stillReached(worker: Worker, command: CommandOf<'resume'>): ResumeFacts['spent'] {
  if (!isOutOfBudget(stateOf(worker)) && command.limits === undefined) return undefined;
  const reached = reachedUses(worker, command);
  if (reached.length === 0) return undefined;
  // A refused resume leaves nothing behind: the next one must raise these limits too.
  const isOther = (use: LimitUsage) =>
    !reached.some(({ limitName, scope }) => limitName === use.limitName && scope === use.scope);
  const all = [...reached, ...reachedLimits(worker, command).filter(isOther)];
  return { reason: budgetReason(all), next: higherLimits(all) };
}

/** Starts a new goal: existing questions, plans, ledger and commits belong to earlier work. */
async function newGoal(
  worker: Worker,
  goal: string,
  given: Omit<EventBody<'resumed'>, 'phase' | 'resetsCounts'>,
): Promise<NewEvent[]> {
  const { questions } = await readQuestions(worker);
  const way = wayOfGoal(worker, given.by);
  const resumed = {
    ...given,
    type: 'resumed' as const,
    phase: firstPhase(way),
    resetsCounts: true,
    goal,
    oldRounds: Math.max(stateOf(worker).oldRounds, ...questions.map(({ round }) => round)),
    oldPlans: documentNames(worker).filter((name) => parseDocumentName(name)?.kind === 'plan'),
    oldLedger: ledgerFingerprint(await ledgerText(worker.paths)),
    oldTip: (await branchTip(worker))?.commit,
    flow: `New goal: ${goal.split('\n')[0]}`,
  };
  return way === 'quick' ? [resumed, { type: 'way_chosen', way }] : [resumed];
}
