import { randomUUID } from 'node:crypto';
import {
  type InputRequests,
  inputRequired,
  type Result,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { AskClient, Exchange } from './exchange.ts';

/** The parts of an exchange that change from round to round. */
type Reach = Required<Pick<Exchange, 'signal' | 'notify' | 'ask'>>;

/** Answers a request, or continues the call that waits for what this request brings. */
type AnswerInRounds = (context: ServerContext, call: (reach: Reach) => Promise<Result>) => Promise<Result>;

/** The name of the only request in an answer. */
const ASKED = 'asked';

interface Round {
  context: ServerContext;
  answer(result: Result): void;
  fail(error: unknown): void;
}

/**
 * Since revision 2026-07-28 a call can ask its client only by an answer that requires input; the client then sends the
 * call again, with the input. The call waits here meanwhile, so a form that a person answers is the one that was shown.
 */
export function newRounds(): AnswerInRounds {
  const waiting = new Map<string, (context: ServerContext) => Promise<Result>>();
  return async (context, call) => {
    const resume = waiting.get(context.mcpReq.requestState<string>() ?? '');
    // A call that is no longer waited for begins again, and asks again.
    return await (resume?.(context) ?? begin(context, call, waiting));
  };
}

async function begin(
  first: ServerContext,
  call: (reach: Reach) => Promise<Result>,
  waiting: Map<string, (context: ServerContext) => Promise<Result>>,
): Promise<Result> {
  const cancelled = new AbortController();
  let round: Round | undefined;
  const open = (context: ServerContext) =>
    new Promise<Result>((answer, fail) => {
      round = { context, answer, fail };
      const { signal } = context.mcpReq;
      signal.addEventListener('abort', () => cancelled.abort(signal.reason), { once: true });
    });
  const ask: AskClient = (request, timeoutMs) =>
    new Promise((resolve, reject) => {
      const requestState = randomUUID();
      // The result would reach no client, which may yet begin the call again: so the call must not act.
      const late = () => {
        waiting.delete(requestState);
        cancelled.abort(new Error('The client did not send the call again in time.'));
        reject(cancelled.signal.reason);
      };
      const limit = AbortSignal.timeout(timeoutMs);
      limit.addEventListener('abort', late);
      waiting.set(requestState, (context) => {
        limit.removeEventListener('abort', late);
        waiting.delete(requestState);
        const answered = open(context);
        resolve(context.mcpReq.inputResponses?.[ASKED]);
        return answered;
      });
      const inputRequests: InputRequests = { [ASKED]: request };
      round?.answer(inputRequired({ inputRequests, requestState }));
      round = undefined;
    });
  // Between two rounds no request is open, so there is nothing to report about.
  const notify: Reach['notify'] = async (notification) => await round?.context.mcpReq.notify(notification);
  const answered = open(first);
  call({ signal: cancelled.signal, notify, ask }).then(
    (result) => round?.answer(result),
    (error) => round?.fail(error),
  );
  return await answered;
}
