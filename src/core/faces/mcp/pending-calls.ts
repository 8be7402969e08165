import { randomUUID } from 'node:crypto';
import {
  type InputRequests,
  inputRequired,
  type Result,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { type Exchange, reportTo } from './exchange.ts';
import { InvalidParamsError } from './on-request.ts';

/** The parts of an exchange that change from round to round. */
type Reach = Pick<Exchange, 'signal' | 'report' | 'ask' | 'asksBetweenRequests'>;

interface Rounds {
  /**
   * Answers a request, or continues the waiting call with this request's input.
   * @param what the call, as the client names it: a later round must name the same
   */
  answer(context: ServerContext, what: string, call: (reach: Reach) => Promise<Result>): Promise<Result>;
}

interface Waiting {
  what: string;
  resume(context: ServerContext): Promise<Result>;
  end(): void;
  /** Set once it was resumed: the same request, sent again, gets the same result. */
  resumed?: Promise<Result>;
}

/** The time that a client has for an answer, in milliseconds: none of its requests is open, and a person may answer. */
export const ROUND_LIMIT_MS = 30 * 60_000;

/** Of one connection; a client asks its user one thing at a time. */
const MAX_STATES = 64;

/** The key of the one input request. */
const ASKED = 'asked';

/**
 * Since revision 2026-07-28 a call can ask its client only by an answer that requires input; the client then sends the
 * call again, with the input. The call waits here meanwhile, so a form that a person answers is the one that was shown,
 * and no handler runs twice.
 */
export function newRounds(limitMs = ROUND_LIMIT_MS): Rounds {
  const states = new Map<string, Waiting>();
  const park = (state: string, waiting: Waiting) => {
    states.set(state, waiting);
    const [oldest] = states;
    if (oldest === undefined || states.size <= MAX_STATES) return;
    states.delete(oldest[0]);
    if (oldest[1].resumed === undefined) oldest[1].end();
  };
  return {
    async answer(context, what, call) {
      const state = context.mcpReq.requestState<string>();
      if (state === undefined) return await newCall({ context, what, limitMs, park }, call);
      const waiting = states.get(state);
      // Beginning anew could carry out an act twice.
      if (waiting?.what !== what)
        throw new InvalidParamsError('This call no longer waits for an answer. Call the tool again.');
      waiting.resumed ??= waiting.resume(context);
      return await waiting.resumed;
    },
  };
}

interface CallPlan {
  context: ServerContext;
  what: string;
  limitMs: number;
  park(state: string, waiting: Waiting): void;
}

/** An open request of a call, and the functions that answer it. */
interface Round {
  context: ServerContext;
  answer(result: Result): void;
  fail(error: unknown): void;
}

async function newCall(plan: CallPlan, call: (reach: Reach) => Promise<Result>): Promise<Result> {
  const cancelled = new AbortController();
  const { signal } = cancelled;
  let round: Round | undefined;
  const open = (context: ServerContext) =>
    new Promise<Result>((answer, fail) => {
      round = { context, answer, fail };
      const cancel = () => cancelled.abort(context.mcpReq.signal.reason);
      if (context.mcpReq.signal.aborted) cancel();
      else context.mcpReq.signal.addEventListener('abort', cancel, { once: true });
    });
  const ask: Exchange['ask'] = async (request) => {
    signal.throwIfAborted();
    const requestState = randomUUID();
    const limit = AbortSignal.timeout(plan.limitMs);
    const answered = new Promise<unknown>((resolve, reject) => {
      // No request is open, so the result would be lost: the call must not act.
      const end = () => {
        cancelled.abort(new Error('The client did not send the call again.'));
        reject(signal.reason);
      };
      limit.addEventListener('abort', end);
      plan.park(requestState, {
        what: plan.what,
        end,
        resume(context) {
          limit.removeEventListener('abort', end);
          if (signal.aborted) throw new InvalidParamsError('The call has ended. Call the tool again.');
          resolve(context.mcpReq.inputResponses?.[ASKED]);
          return open(context);
        },
      });
    });
    const inputRequests: InputRequests = { [ASKED]: request };
    round?.answer(inputRequired({ inputRequests, requestState }));
    round = undefined;
    return await answered;
  };
  const report: Exchange['report'] = async (progress) => {
    if (round) await reportTo(round.context, progress);
  };
  const first = open(plan.context);
  call({ signal, report, ask, asksBetweenRequests: true }).then(
    (result) => round?.answer(result),
    (error) => round?.fail(error),
  );
  return await first;
}
