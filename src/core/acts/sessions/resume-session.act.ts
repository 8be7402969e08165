import { sendAndAwait } from '../../caller/commands/await-command.ts';
import { earlyRefusal, requireUsable } from '../../caller/commands/early-refusal.ts';
import type { CommandRequest } from '../../caller/commands/send-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findProjectFor } from '../../caller/context/find-project-for.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { requireTrust } from '../../caller/context/trust-project.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { findCli } from '../../caller/refusals/agent-clis.ts';
import { refuseUnfitAgents } from '../../caller/refusals/fit-agents.ts';
import { refuseRoot } from '../../caller/refusals/ready-project.ts';
import { requireFolders, requireText } from '../../caller/refusals/require.ts';
import { type SessionLimits, type SpendingLimits, withRaised } from '../../kernel/phases/limits.ts';
import { isUndecided, type Proving } from '../../kernel/phases/proving.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { placesOfSession, requireOwnPlaces } from '../../project/finding/own-places.ts';
import { agentSettings } from '../../project/settings/resolve-settings.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { judgeKind } from '../../session/commands/command-rows.ts';
import { allowedLimits, closedLimits, describeLowered } from '../../session/commands/judge-limits.ts';
import { isOutOfBudget, judgeResume } from '../../session/commands/judge-running.ts';
import type { ChosenAgent } from '../../session/events/bodies/event-types.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { statusSentence } from '../../session/words/words.ts';
import { frozenProving } from '../proof/frozen-proving.ts';
import { ensureWorker, lacksWorker } from './ensure-worker.ts';

export interface ResumeSessionInput extends SessionQuestion {
  note?: string;
  goal?: string;
  /** Where it continues, if not in its present phase; no closed gate lies before it. */
  phase?: Phase;
  /** Limits of the whole session from now on; they override those of its start. */
  limits?: SpendingLimits;
  /** A provider for every phase from now on, with its own model unless `model` is given. */
  provider?: string;
  /** A model; without `provider`, for the phases that have no model of their own. */
  model?: string;
}

export interface ResumeSessionResult extends Acted {
  /** `already_running`: nothing had to be done. */
  outcome: 'resumed' | 'already_running';
}

/**
 * Continues a session that is stopped, blocked, limited, or waits for a person or a file, or a finished one
 * with a new goal. Opens no gate.
 */
export async function resumeSession(
  input: ResumeSessionInput,
  context: ActionContext,
): Promise<ResumeSessionResult> {
  const note = input.note?.trim() ? requireText(input.note, 'note') : undefined;
  const goal = input.goal?.trim() ? requireText(input.goal, 'goal') : undefined;
  const isLimited = Object.values(input.limits ?? {}).some((limit) => limit !== undefined);
  const found = await findSession({ ...input, isAct: true }, context);
  const { limits, lowered } = isLimited ? limitsNow(input.limits ?? {}, found, context) : { lowered: [] };
  const closed = judgeKind('resume', found.state);
  const verdict = closed ?? judgeResume({ goal, by: context.by, phase: input.phase }, found.state);
  requireUsable(found);
  if (found.sessionFile && found.mirror === undefined)
    await requireOwnPlaces(placesOfSession(found.sessionFile), { baseEnv: context.env });
  if (verdict.kind === 'refused') {
    const asksForMore = (goal ?? limits ?? input.phase ?? input.provider ?? input.model) !== undefined;
    // The next worker completes what the last one left.
    const isLacking = closed
      ? found.needsWorker && note === undefined
      : await lacksWorker(found, verdict.error.code, context);
    if (!asksForMore && isLacking) return resultOf(await ensureWorker(found, note, context), 'resumed');
    if (verdict.error.code === 'already_running' && !asksForMore && note === undefined)
      return resultOf(found, 'already_running');
    throw earlyRefusal('resume', verdict, found);
  }
  requireFolders(found, { continues: true });
  const request = await resumeRequest({ ...input, note, goal, limits }, found, context);
  const after = await sendAndAwait(found, request, ['resumed'], context);
  return resultOf(after.view, 'resumed', lowered);
}

type ResumeRequest = Extract<CommandRequest, { kind: 'resume' }>;

/**
 * What a resume asks of the worker. The machine that has the session adds its own checks and the paths of its CLIs, and
 * judges whether its agents comply.
 */
export async function resumeRequest(
  {
    note,
    goal,
    phase,
    limits,
    ...agents
  }: AgentRequest & Pick<ResumeRequest, 'note' | 'goal' | 'phase' | 'limits'>,
  found: SessionView,
  context: ActionContext,
): Promise<ResumeRequest> {
  const { sessionFile } = found;
  const isHere = found.mirror === undefined;
  const agent = sessionFile && (await chooseAgents({ ...agents, isHere }, sessionFile, context));
  const asked = { kind: 'resume', note, goal, phase, limits, agent } as const;
  if (!isHere) return asked;
  const checks = sessionFile && (await currentChecks(found, goal, context));
  await refuseUnfit({ agent, limits }, found, context);
  return { ...asked, ...checks };
}

function resultOf(
  view: SessionView,
  outcome: ResumeSessionResult['outcome'],
  lowered: readonly string[] = [],
): ResumeSessionResult {
  return { view, done: [statusSentence(view), ...lowered].join(' '), outcome };
}

/**
 * The limits that this call may set, with a sentence for each that was lowered.
 * @throws limits_closed if the session waits for the higher one
 */
function limitsNow(
  session: SpendingLimits,
  view: SessionView,
  { by }: ActionContext,
): { limits: SessionLimits; lowered: string[] } {
  const asked = { session, phases: {} };
  const { sessionFile, state } = view;
  // Its worker decides.
  if (sessionFile === undefined) return { limits: asked, lowered: [] };
  const now = { ...sessionFile.settings, raisedLimits: state.raisedLimits };
  const closed = isOutOfBudget(state) ? closedLimits(asked, by, now) : undefined;
  if (closed) throw earlyRefusal('resume', closed, view);
  const { limits, lowered } = allowedLimits(session, by, now);
  const command = `samocode resume ${handleOf(view.folder)}`;
  return { limits: { session: limits, phases: {} }, lowered: describeLowered(lowered, now, command) };
}

/**
 * The project's current checks, if the resumed session should switch to them: its old checks block it, or
 * fail on its base and nobody has decided about that yet, or it gets a new goal.
 * @returns undefined if its own checks remain in effect
 */
async function currentChecks(
  { sessionFile, state }: SessionView,
  goal: string | undefined,
  context: ActionContext,
): Promise<{ checks: string[]; proving: Proving } | undefined> {
  const isBlockedByThem = state.status.kind === 'blocked' && ABOUT_CHECKS.has(state.status.rule);
  const areInQuestion = isBlockedByThem || isUndecided(state.baseChecks);
  if (!sessionFile || (!areInQuestion && goal === undefined)) return undefined;
  const project = await findProjectFor({ projectDir: sessionFile.configPath }, context);
  const now = {
    checks: project.values.checks.map(({ command }) => command),
    proving: frozenProving(project.values),
  };
  const { settings } = sessionFile;
  const before = { checks: state.checks ?? settings.checks, proving: state.proving ?? settings.proving };
  if (JSON.stringify(now) === JSON.stringify(before)) return undefined;
  await requireTrust(project, context);
  return now;
}

const ABOUT_CHECKS = new Set(['checks', 'base_checks', 'clone_failed', 'false_done']);

type AgentRequest = Pick<ResumeSessionInput, 'provider' | 'model'>;

/** The settings of a call that switches agents; validated like any other setting. */
function agentSettingsOf({ provider, model }: AgentRequest): CallSettings {
  return { provider: provider?.trim() || undefined, model: model?.trim() || undefined };
}

/** Checks the agents and limits that result from the start, from earlier resumes and from this one. */
async function refuseUnfit(
  { agent, limits }: { agent: ChosenAgent | undefined; limits: SessionLimits | undefined },
  { sessionFile, state }: SessionView,
  context: ActionContext,
): Promise<void> {
  if (!sessionFile) return;
  const { settings } = sessionFile;
  const chosen = agent?.provider ?? state.chosen?.provider;
  const own = chosen === undefined ? [settings.provider, ...Object.values(settings.providers)] : [chosen];
  const all = withRaised(withRaised(settings.limits, state.raisedLimits), limits);
  await refuseUnfitAgents([...own, ...(settings.fallback ?? [])], { ...settings, limits: all }, context);
}

/**
 * The provider and model that a person switches to; their CLI is found, if the session is here.
 * @returns undefined if the call switches neither
 */
async function chooseAgents(
  { isHere, ...request }: AgentRequest & { isHere: boolean },
  { configPath, settings }: SessionFile,
  context: ActionContext,
): Promise<ChosenAgent | undefined> {
  const call = agentSettingsOf(request);
  if (call.provider === undefined && call.model === undefined) return undefined;
  const project = await findProjectFor({ projectDir: configPath, call }, context);
  const { provider, model } = project.values;
  if (call.provider === undefined) return { model };
  if (!isHere) return { provider, model: call.model === undefined ? '' : model };
  refuseRoot([provider], settings, context);
  const chosen = agentSettings(project, 'init', provider);
  const ofCall = call.model === undefined ? chosen.model : model;
  // The worker finds it again, since a command names no program.
  await findCli(project, provider, context);
  return { provider, model: ofCall };
}
