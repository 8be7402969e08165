import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NextStep } from '../../base/acts.ts';
import { ifExists } from '../../base/errors.ts';
import { decode, readPlainFile } from '../../base/files/plain-file.ts';
import { readMcpServers } from '../../providers/contract/mcp-file.ts';
import { isAtRest } from '../../session/at-rest.ts';
import { currentPlanOf, planHash } from '../../session/documents/plan.ts';
import { planChanges } from '../../session/documents/plan-changes.ts';
import { ledgerText, withLedger } from '../../session/documents/requirements.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { MAX_DOCUMENT_BYTES } from '../../session/layout/paths.ts';
import { planServers } from '../../session/servers/plan-servers.ts';
import { serverWords } from '../../session/servers/ready-servers.ts';
import { gateOf } from '../../session/status.ts';
import type { ActionContext } from '../acting/context.ts';
import { nextSteps } from '../acting/next-steps.ts';
import { findSession, type SessionQuestion } from '../places/find-session.ts';
import { READING_ERRORS } from '../reading/reading-errors.ts';
import { planBefore } from './plan-before.ts';

export interface PlanReport {
  view: SessionView;
  /** File name in the session folder. */
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
  const name = await newestPlan(view);
  if (name === undefined) throw noPlan(view);
  return await readVersion(view, name, 'draft');
}

async function readVersion(view: SessionView, name: string, state: PlanReport['state']): Promise<PlanReport> {
  const reading = await readPlainFile(join(view.paths.sessionDir, name), MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes')
    throw noPlan(view, { name, problem: reading.kind === 'missing' ? 'gone' : reading.problem });
  const text = withLedger(decode(reading.bytes), await ledgerText(view.paths));
  const servers = await serversIn(view, text);
  return { view, name, text, hash: planHash(text), state, servers };
}

async function serversIn({ sessionFile }: SessionView, text: string): Promise<string[]> {
  const { servers, problems } = planServers(text);
  if (problems.length > 0) return [`The MCP servers of this plan cannot be read: ${problems.join(' ')}`];
  const mcpPath = sessionFile?.settings.mcpPath;
  if (servers.length === 0 || mcpPath === undefined) return serverWords(servers);
  return serverWords(servers, Object.keys(await readMcpServers(mcpPath)));
}

async function newestPlan({ paths, state }: SessionView): Promise<string | undefined> {
  const names = (await ifExists(readdir(paths.sessionDir))) ?? [];
  return currentPlanOf(names, paths.folder, state.oldPlans);
}

function noPlan(view: SessionView, file?: { name: string; problem: string }) {
  const { folder: session, state } = view;
  const comes = isAtRest(view) || gateOf(view);
  const next: NextStep[] = comes ? nextSteps(view) : [{ act: 'follow', session, when: 'until it has one' }];
  return READING_ERRORS.no_plan({ session, phase: state.progress.phase, file, next });
}
