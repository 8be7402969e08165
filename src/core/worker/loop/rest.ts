import { isDeepStrictEqual } from 'node:util';
import { changeFile } from '../../kernel/files/change-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { cameByCommit } from '../../project/finding/own-places.ts';
import { isInBase } from '../../project/finishing/base-branch.ts';
import { isAsked } from '../../session/documents/qa.ts';
import { noteUnclear } from '../../session/documents/qa-change.ts';
import type { ControlQuestion, StartConditions } from '../../session/events/bodies/positions.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { LimitedStatus, WaitingStatus } from '../../session/events/state.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import { NO_LIMIT_KNOWN, type SessionView } from '../../session/folder/session-view.ts';
import { limitWait } from '../../session/waits/limit-wait.ts';
import { atRest, type NextWake, nextWake, readFilesNow, type Times } from '../../session/waits/next-wake.ts';
import { branchBefore, describeOrder, openOrder, withMerged } from '../../session/waits/start-order.ts';
import type { TypedAnswers } from '../../session/waits/typed-answers.ts';
import { applyPhaseEdit } from '../commands/phase-edit.ts';
import { isInterrupted } from '../commands/while-taking-commands.ts';
import { chooseAgent, readSharedLimit } from '../limits/account.ts';
import { askAboutOrder } from '../record/park.ts';
import { agentChoice } from '../state/agent-choice.ts';
import { joinEnvironment } from '../state/environment.ts';
import { readQuestions } from '../state/evidence.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/** How often to look at the clock, which may be set back during a wait. */
const CLOCK_MS = 1000;
/** The longest wait of a worker itself; longer waits are left to the supervisor. */
const SHORT_WAIT_MS = 60_000;
const BY_HAND: By = { channel: 'file' };

/** The conditions that must hold before the first step of a session; undefined once it has begun. */
export function ownOrder({ file, writer: { state } }: Worker): StartConditions | undefined {
  return state.createdAt === undefined ? undefined : openOrder(state, file.order);
}

/** Records what has come of that which a session at rest waits for. @returns why the worker leaves if nothing has */
export async function restStep(worker: Worker): Promise<string | undefined> {
  const { status } = stateOf(worker);
  const limit = status.kind === 'limited' ? await limitOf(worker, status) : undefined;
  while (limit !== undefined && limit.leftMs() > 0 && limit.leftMs() <= SHORT_WAIT_MS)
    if (await isInterrupted(worker, Math.min(CLOCK_MS, limit.leftMs()))) return undefined;
  if (statsAt(worker.paths.runDir) === undefined)
    throw new Error(`The run folder ${worker.paths.runDir} is gone, so the session no longer exists.`);
  const own = ownOrder(worker);
  const order = own && status.kind !== 'waiting' ? await withLimit(worker, own) : own;
  // Only the supervisor sees that a person has stopped typing.
  const restedMs = (fileHash: string) => (fileHash === worker.wake.rested ? Number.POSITIVE_INFINITY : 0);
  const wake = await wakeNow(worker, { order, limitLeftMs: limit?.leftMs(), restedMs });
  const recorded = (...events: NewEvent[]) => record(worker, ...events).then(() => undefined);
  switch (wake.kind) {
    case 'begin':
      return await recorded({ type: 'went_on', why: 'order_over' });
    case 'limit':
      return await recorded({ type: 'went_on', why: 'limit_over' });
    case 'ask':
      return await recorded(...(await askAboutOrder(worker, { ...own }, wake)));
    case 'withdraw':
      return await recorded(await withdrawn(worker, wake.asked));
    case 'answers': {
      const { answers, fileHash } = wake;
      if (await notedAsUnclear(worker, wake)) return status.kind;
      if (status.kind === 'waiting' && (await cameByCommit(worker.paths.qa, { baseEnv: worker.env })))
        return await recorded(...(await unconfirmedIn(worker, { ...status, fileHash })));
      const flow = `Answers typed into _qa.md: ${answers.map(({ id }) => id).join(', ')}`;
      return await recorded({ type: 'answers_recorded', by: BY_HAND, answers, open: [], flow });
    }
    case 'phase':
      return (await applyPhaseEdit(worker)) ? undefined : status.kind;
    case 'file': {
      const { file, resumePhase: phase } = wake;
      const flow = `${file} was changed; continuing`;
      return await recorded({ type: 'resumed', by: BY_HAND, phase, resetsCounts: false, flow });
    }
    default: {
      const isQueued = status.kind === 'queued' && isDeepStrictEqual(status.order, order);
      if (order === undefined || status.kind === 'waiting' || isQueued) return status.kind;
      const reason = `starts ${describeOrder(order)}`;
      return await recorded({ type: 'queued', reason, order, flow: `Queued: ${reason}` });
    }
  }
}

/** Judges whether the session's wait is over. @param known `order`: its start order with the times known now */
export async function wakeNow(
  worker: Worker,
  { order = ownOrder(worker), ...times }: { order?: StartConditions } & Omit<Times, 'atMs'>,
): Promise<NextWake> {
  const { paths, file: session, clock } = worker;
  const state = stateOf(worker);
  const waits = atRest({ paths, state }, order) ?? { for: 'nothing' };
  const files = await readFilesNow(waits, state);
  const others = order === undefined ? [] : await othersNow(worker, order);
  return nextWake(waits, { state, session, files, others }, { atMs: clock.now(), ...times });
}

async function othersNow({ paths, host, env }: Worker, order: StartConditions): Promise<SessionView[]> {
  const views = await readAllSessions(paths.sessionsDir, host);
  const branch = branchBefore(order, views);
  return branch && (await isInBase(branch, env)) ? withMerged(order, views) : views;
}

/** Withdraws the question about the start order: the situation has changed. */
async function withdrawn(worker: Worker, ask: ControlQuestion): Promise<NewEvent> {
  const { questions } = await readQuestions(worker);
  const id = questions.find((each) => isAsked(ask, each))?.id ?? 'The question about the start order';
  const text = 'no longer asked, because the situation has changed';
  const answers = [{ id, question: ask.question, text }];
  const flow = `${id} is withdrawn: ${text}`;
  return { type: 'answers_recorded', by: { channel: 'settings' }, answers, open: [], flow };
}

/** A pull brings text, and no act: a person confirms these answers elsewhere. */
async function unconfirmedIn(
  worker: Worker,
  { kind: _, since: __, ...wait }: WaitingStatus,
): Promise<NewEvent[]> {
  const { unconfirmed } = await readQuestions(worker);
  const ids = unconfirmed.map(({ id }) => id).join(', ');
  const text = `A commit brought the answers in _qa.md (${ids}), so they are not taken yet: confirm them by answering.`;
  const flow = `Waiting for a person to confirm ${ids}`;
  return [
    { type: 'notice', code: 'answers_committed', text },
    { type: 'parked', ...wait, unconfirmed, flow },
  ];
}

/** Says below typed lines that they choose nothing. @returns whether there are any: then no answer counts yet */
export async function notedAsUnclear(
  worker: Worker,
  { unclear }: Pick<TypedAnswers, 'unclear'>,
): Promise<boolean> {
  if (unclear.length === 0) return false;
  await changeFile(worker.paths.qa, (text = '') => noteUnclear(text, unclear));
  return true;
}

/** What is left of a limit, as it is known now. */
async function limitOf(worker: Worker, status: LimitedStatus): Promise<{ leftMs(): number }> {
  const over = { leftMs: () => 0 };
  if (status.kept !== undefined) {
    // The environment determines the account.
    await joinEnvironment(worker);
    const { limit } = await chooseAgent(worker, stateOf(worker).progress.phase);
    return limit?.kept === undefined ? over : limitWait(status, worker.clock);
  }
  // The program that started this worker has measured the wait, which this worker's clock might not reflect.
  return worker.wake.limitOver === status.until ? over : limitWait(status, worker.clock);
}

/** Replaces `limit` with the time at which the usage limit ends, as known now. */
async function withLimit(worker: Worker, order: StartConditions): Promise<StartConditions> {
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
