import { join } from 'node:path';
import type { NextStep } from '../../base/acts.ts';
import { namesAt } from '../../base/files/look-at.ts';
import { decode, type NotRead, readPlainFile } from '../../base/files/plain-file.ts';
import { runGit } from '../../project/git/git.ts';
import { readMcpServers } from '../../providers/contract/mcp-file.ts';
import { currentPlanOf, isPlanOf, planChanges, planHash } from '../../session/documents/plan.ts';
import { LEDGER_NAME, ledgerText, withLedger } from '../../session/documents/requirements.ts';
import type { PlanVersion } from '../../session/events/bodies/positions.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { MAX_DOCUMENT_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import { planServers, serverWords } from '../../session/servers/plan-servers.ts';
import { gateOf, isAtRest } from '../../session/status.ts';
import type { ActionContext } from '../acting/context.ts';
import { nextSteps } from '../acting/next-steps.ts';
import { findSession, type SessionQuestion } from '../places/find-session.ts';
import { READING_ERRORS } from '../reading/reading-errors.ts';

export interface PlanReport {
  view: SessionView;
  name: string;
  /** The child's own words, with the requirements that an approval covers. */
  text: string;
  /** What an approval names: everything but ticks and notes. */
  hash: string;
  state: 'waits_for_approval' | 'approved' | 'draft';
  /** The MCP servers that it proposes, in lines for whoever decides; empty for none. */
  servers: string[];
  /** What differs from the version that a person was asked about before, line by line; absent for the first one. */
  changes?: string[];
}

/**
 * The plan that waits for approval, else the approved one, else the newest draft.
 * @throws no_plan, session_not_found
 */
export async function readPlan(question: SessionQuestion, context: ActionContext): Promise<PlanReport> {
  const view = await findSession(question, context);
  const plan = await readPlanOf(view);
  if (plan.state !== 'waits_for_approval') return plan;
  const before = await planBefore(view, plan.text, context);
  return before === undefined ? plan : { ...plan, changes: planChanges(before, plan.text).lines };
}

export async function readPlanOf(view: SessionView): Promise<PlanReport> {
  const { approvedPlan } = view.state;
  const waiting = gateOf(view)?.plan;
  if (waiting) return await readVersion(view, waiting.name, 'waits_for_approval');
  if (approvedPlan) return await readVersion(view, approvedPlan.name, 'approved');
  const name = newestPlan(view.paths, view.state.oldPlans);
  if (name === undefined) throw noPlan(view);
  return await readVersion(view, name, 'draft');
}

async function readVersion(view: SessionView, name: string, state: PlanReport['state']): Promise<PlanReport> {
  const reading = await readPlanFile(view.paths, name);
  if (reading.kind !== 'plan')
    throw noPlan(view, { name, problem: reading.kind === 'missing' ? 'gone' : reading.problem });
  const { text, hash } = reading;
  return { view, name, text, hash, state, servers: await serverLines(view, text) };
}

function noPlan(view: SessionView, file?: { name: string; problem: string }) {
  const { folder: session, state } = view;
  const comes = isAtRest(view) || gateOf(view);
  const next: NextStep[] = comes ? nextSteps(view) : [{ act: 'follow', session, when: 'until it has one' }];
  return READING_ERRORS.no_plan({ session, phase: state.progress.phase, file, next });
}

/**
 * The last version of the plan that a person was asked about or approved, other than `text`. @returns undefined when there is none, or its text is not kept any more
 */
async function planBefore(
  view: SessionView,
  text: string,
  context: Pick<ActionContext, 'env'>,
): Promise<string | undefined> {
  const events = sinceGoal(await readEvents(view.paths, 0));
  const at = events.findLastIndex((event) => {
    const asked = askedAbout(event);
    return asked !== undefined && !isPlanOf(asked.hash, text);
  });
  const before = events[at] && askedAbout(events[at]);
  if (before === undefined) return undefined;
  const approved = await readPlainFile(view.paths.approvedPlan, MAX_DOCUMENT_BYTES);
  const approvedText = approved.kind === 'bytes' ? decode(approved.bytes) : undefined;
  if (approvedText !== undefined && isPlanOf(before.hash, approvedText)) return approvedText;
  const kept = events.slice(0, at).findLast((event) => event.type === 'iteration_ended' && event.checkpoint);
  if (kept?.type !== 'iteration_ended' || kept.checkpoint === undefined) return undefined;
  const { commit } = kept.checkpoint;
  const plan = await fileIn(commit, before.name, view, context);
  const keptText = plan && withLedger(plan, await fileIn(commit, LEDGER_NAME, view, context));
  return keptText !== undefined && isPlanOf(before.hash, keptText) ? keptText : undefined;
}

function askedAbout(event: SessionEvent): PlanVersion | undefined {
  if (event.type === 'parked' || event.type === 'plan_approved') return event.plan;
  return undefined;
}

/** With a new goal everything is asked anew. */
function sinceGoal(events: readonly SessionEvent[]): readonly SessionEvent[] {
  return events.slice(
    events.findLastIndex((event) => event.type === 'resumed' && event.goal !== undefined) + 1,
  );
}

async function fileIn(
  commit: string,
  name: string,
  { sessionFile }: SessionView,
  { env }: Pick<ActionContext, 'env'>,
): Promise<string | undefined> {
  if (sessionFile === undefined) return undefined;
  const options = { cwd: sessionFile.mainRepo, baseEnv: env, allowFailure: true };
  const { exitCode, stdout } = await runGit(['cat-file', 'blob', `${commit}:session/${name}`], options);
  return exitCode === 0 ? stdout : undefined;
}

async function serverLines({ sessionFile }: SessionView, plan: string): Promise<string[]> {
  const { servers, problems } = planServers(plan);
  if (problems.length > 0) return [`The MCP servers of this plan cannot be read: ${problems.join(' ')}`];
  const mcpPath = sessionFile?.settings.mcpPath;
  if (servers.length === 0 || mcpPath === undefined) return serverWords(servers);
  return serverWords(servers, Object.keys(await readMcpServers(mcpPath)));
}

/** A plan as it is approved: with the requirements that an approval covers, under one hash. */
interface PlanText {
  kind: 'plan';
  text: string;
  hash: string;
}

async function readPlanFile(paths: SessionPaths, name: string): Promise<PlanText | NotRead> {
  const reading = await readPlainFile(join(paths.sessionDir, name), MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes') return reading;
  const text = withLedger(decode(reading.bytes), await ledgerText(paths));
  return { kind: 'plan', text, hash: planHash(text) };
}

/** @param oldPlans those of goals that are reached */
function newestPlan({ sessionDir, folder }: SessionPaths, oldPlans: readonly string[]): string | undefined {
  return currentPlanOf(namesAt(sessionDir) ?? [], folder, oldPlans);
}
