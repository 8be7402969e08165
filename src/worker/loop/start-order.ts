import { isDeepStrictEqual } from 'node:util';
import { questionHash } from '../../session/documents/qa.ts';
import type { StartOrder } from '../../session/events/bodies/positions.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { NO_LIMIT_KNOWN } from '../../session/events/session-view.ts';
import type { WaitingStatus } from '../../session/events/state.ts';
import { readAllSessions } from '../../session/session-list.ts';
import { describeOrder, type Predecessors, predecessorsNow } from '../../session/start-order.ts';
import { archiveFolder } from '../commands/archive-places.ts';
import { agentChoice } from '../core/agent-choice.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { readQuestions } from '../core/evidence.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { readSharedLimit } from '../limits/shared-limit.ts';
import { askAboutOrder } from '../recording/park.ts';

/** The conditions that must hold before the first step of a session; undefined once it has begun. */
export function openOrder(worker: Worker): StartOrder | undefined {
  const { createdAt, prepared, order, status } = stateOf(worker);
  const isUnbegun = createdAt !== undefined && !prepared && !order?.isOver;
  return isUnbegun && WAITS_ITS_TURN.has(status.kind) ? worker.file.order : undefined;
}

const WAITS_ITS_TURN: ReadonlySet<string> = new Set(['starting', 'running', 'queued', 'waiting']);

/** Begins, waits or asks, depending on the session's start order. @returns why the worker leaves */
export async function orderStep(worker: Worker, wanted: StartOrder): Promise<string | undefined> {
  const { status, order: decided } = stateOf(worker);
  if (decided?.discardedBy !== undefined) return await discardUnbegun(worker, decided.discardedBy);
  const now = await predecessors(worker, wanted);
  if (now.kind === 'asks' && !decided?.startsAnyway && now.key !== decided?.keptFor) {
    await record(worker, ...(await askAboutOrder(worker, wanted, now)));
    return undefined;
  }
  const order = await withLimit(worker, wanted);
  const isTime = order.at === undefined || (order.at !== 'limit' && worker.clock.now() >= order.at);
  if (decided?.startsAnyway || (now.kind === 'met' && isTime)) {
    await record(worker, { type: 'went_on', why: 'order_over' });
    return undefined;
  }
  if (status.kind === 'queued' && isDeepStrictEqual(status.order, order)) return 'queued';
  const reason = `starts ${describeOrder(order)}`;
  await record(worker, { type: 'queued', reason, order, flow: `Queued: ${reason}` });
  return undefined;
}

/** Withdraws the question about the start order once the situation has changed. @returns whether it has */
export async function orderHasMoved(worker: Worker, { order: asked }: WaitingStatus): Promise<boolean> {
  const order = openOrder(worker);
  if (asked === undefined || order === undefined) return false;
  const now = await predecessors(worker, order);
  if (now.kind === 'asks' && now.key === asked.key) return false;
  const { questions } = await readQuestions(worker);
  const question = questions.find(({ id }) => id === asked.question);
  const answer = { id: asked.question, question: question ? questionHash(question) : '', text: MOVED };
  const flow = `${asked.question} is withdrawn: ${MOVED}`;
  await record(worker, { type: 'answers_recorded', by: BY_SETTINGS, answers: [answer], open: [], flow });
  return true;
}

const BY_SETTINGS: By = { channel: 'settings' };
const MOVED = 'no longer asked, because the situation has changed';

async function predecessors({ paths, host }: Worker, order: StartOrder): Promise<Predecessors> {
  return predecessorsNow(order, await readAllSessions(paths.sessionsDir, host));
}

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

/** The session has neither branch nor worktree: only its folder is archived. */
async function discardUnbegun(worker: Worker, by: By): Promise<undefined> {
  const work = { kind: 'archive', by, to: archiveFolder(worker) } as const;
  const stopped = { type: 'stopped', by, why: 'discarded before it began' } as const;
  await record(worker, stopped, { type: 'finish_asked', work });
}
