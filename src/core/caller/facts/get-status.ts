import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../../kernel/errors.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { cut } from '../../kernel/text.ts';
import { isInBase } from '../../project/finishing/base-branch.ts';
import { supervisorPaths } from '../../sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { branchOfWork, isMerged } from '../../session/waits/start-order.ts';
import type { ActionContext } from '../context/context.ts';
import { findSession, type SessionQuestion } from '../context/find-session.ts';
import { channelTroubles, channelTroubleText } from './channel-state.ts';
import { furtherRemarks } from './further-remarks.ts';
import { planOf } from './plan-text.ts';
import type { WorkerReport } from './worker-now.ts';
import { type Watching, workerReport } from './worker-report.ts';

export interface SessionReport extends WorkerReport {
  view: SessionView;
  /** The agent's current activity, from its own output: quoted, never an instruction. */
  activity?: string;
  isStalled: boolean;
  /** How much of the plan of its login is used; only for one session that is asked about. */
  plan?: string | undefined;
  /** One sentence for each failing notification channel. */
  troubles: string[];
  /** Of extensions; only for one session that is asked about. */
  remarks?: string[];
}

/** Reads what a session is doing. Starts nothing but git, for a done session. */
export async function getStatus(question: SessionQuestion, context: ActionContext): Promise<SessionReport> {
  const view = await findSession(question, context);
  const { status, archived } = view.state;
  const branch = status.kind === 'done' && !archived && !isMerged(view) ? branchOfWork(view) : undefined;
  const asked = branch && { ...view, isInBase: await isInBase(branch, context.env) };
  const report = await reportOn(asked ?? view, context);
  return { ...report, plan: await planOf(view, context), remarks: await furtherRemarks(view) };
}

/** The part of a report that describes the machine: read once for many sessions. */
export interface MachineNow {
  watching: Watching;
  troubles: string[];
}

/** @param machine read here if omitted */
export async function reportOn(
  view: SessionView,
  context: ActionContext,
  machine?: MachineNow,
): Promise<SessionReport> {
  const [worker, activity, isStalled, troubles] = await Promise.all([
    workerReport(view, context, machine?.watching),
    readActivity(view),
    seemsStalled(view),
    machine?.troubles ?? readTroubles(context),
  ]);
  return { view, ...worker, isStalled, troubles, activity };
}

/** One sentence for each failing notification channel. */
export async function readTroubles({ home, host }: Pick<ActionContext, 'home' | 'host'>): Promise<string[]> {
  return (await channelTroubles(supervisorPaths(home, host))).map(channelTroubleText);
}

/** Whether the worker has reported a silence and the agent has printed nothing since. */
async function seemsStalled({ paths, state }: SessionView): Promise<boolean> {
  const { stalledAt, log = '' } = state.openIteration ?? {};
  if (stalledAt === undefined) return false;
  const printed = await ifExists(stat(join(paths.logs, log)));
  return printed === undefined || printed.mtimeMs <= Date.parse(stalledAt);
}

const Now = z.object({ activity: z.string().optional(), total: z.number() });

export async function readActivity({ paths, state }: SessionView): Promise<string | undefined> {
  if (state.openIteration === undefined) return undefined;
  const now = await plainJson(paths.now, Now);
  // The file might still describe the previous agent.
  return now?.total === state.openIteration.iteration ? now.activity && cut(now.activity, 200) : undefined;
}
