import { isDeepStrictEqual } from 'node:util';
import { isInBase } from '../../project/finishing/base-branch.ts';
import { isAsked } from '../../session/documents/qa.ts';
import type { ControlQuestion, StartOrder } from '../../session/events/bodies/positions.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import { NO_LIMIT_KNOWN, type SessionView } from '../../session/folder/session-view.ts';
import { type Due, dueOf, readFilesNow } from '../../session/waits/next-wake.ts';
import { branchBefore, describeOrder, openOrder, withMerged } from '../../session/waits/start-order.ts';
import { agentChoice } from '../core/agent-choice.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { readQuestions } from '../core/evidence.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { readSharedLimit } from '../limits/shared-limit.ts';
import { askAboutOrder } from '../recording/park.ts';

/** The conditions that must hold before the first step of a session; undefined once it has begun. */
export function ownOrder({ file, writer: { state } }: Worker): StartOrder | undefined {
  return state.createdAt === undefined ? undefined : openOrder(state, file.order);
}

/** Begins, waits or asks, depending on the session's start order. @returns why the worker leaves */
export async function orderStep(worker: Worker, wanted: StartOrder): Promise<string | undefined> {
  const { status } = stateOf(worker);
  const order = await withLimit(worker, wanted);
  const due = await dueNow(worker, { order });
  if (due.kind === 'ask') {
    await record(worker, ...(await askAboutOrder(worker, wanted, due)));
  } else if (due.kind === 'begin') {
    await record(worker, { type: 'went_on', why: 'order_over' });
  } else {
    if (status.kind === 'queued' && isDeepStrictEqual(status.order, order)) return 'queued';
    const reason = `starts ${describeOrder(order)}`;
    await record(worker, { type: 'queued', reason, order, flow: `Queued: ${reason}` });
  }
  return undefined;
}

/** Judges whether the session's wait is over. @param order its start order with the times known now */
export async function dueNow(
  worker: Worker,
  { order = ownOrder(worker), limitLeftMs }: { order?: StartOrder; limitLeftMs?: number } = {},
): Promise<Due> {
  const { paths, file, clock } = worker;
  const state = stateOf(worker);
  const files = await readFilesNow({ ...file, order }, { paths, state });
  const others = order === undefined ? [] : await othersNow(worker, order);
  return dueOf(state, files, others, { atMs: clock.now(), limitLeftMs });
}

async function othersNow({ paths, host, env }: Worker, order: StartOrder): Promise<SessionView[]> {
  const views = await readAllSessions(paths.sessionsDir, host);
  const branch = branchBefore(order, views);
  return branch && (await isInBase(branch, env)) ? withMerged(order, views) : views;
}

/** Withdraws the question about the start order: the situation has changed. */
export async function withdrawQuestion(worker: Worker, ask: ControlQuestion): Promise<void> {
  const { questions } = await readQuestions(worker);
  const asked = questions.find((each) => isAsked(ask, each));
  const id = asked?.id ?? 'The question about the start order';
  const answer = { id, question: ask.question, text: MOVED };
  const flow = `${id} is withdrawn: ${MOVED}`;
  await record(worker, { type: 'answers_recorded', by: BY_SETTINGS, answers: [answer], open: [], flow });
}

const BY_SETTINGS: By = { channel: 'settings' };
const MOVED = 'no longer asked, because the situation has changed';

/** Replaces `limit` with the time at which the usage limit ends, as known now. */
async function withLimit(worker: Worker, order: StartOrder): Promise<StartOrder> {
  if (order.at !== 'limit') return order;
  // The environment determines the account.
  await joinEnvironment(worker);
  const { name } = agentChoice(worker, 'investigation').provider;
  const limit = await readSharedLimit(worker, name);
  if (limit === undefined && stateOf(worker).status.kind === 'starting') {
    const text = `No usage limit of ${name} is known on this machine, so the session does not wait for one.`;
    await record(worker, { type: 'notice', code: NO_LIMIT_KNOWN, text });
  }
  return { ...order, at: limit?.until };
}
