import type { Result, ServerContext } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { clientFolders } from '../../../../../src/core/faces/mcp/client-folders.ts';
import type { Exchange } from '../../../../../src/core/faces/mcp/exchange.ts';
import { newRounds } from '../../../../../src/core/faces/mcp/pending-calls.ts';

const FORM = {
  method: 'elicitation/create',
  params: { message: 'Well?', requestedSchema: { type: 'object', properties: {} } },
} as const;

interface Sent {
  requestState?: string;
  asked?: unknown;
  token?: string;
  signal?: AbortSignal;
}

/** A request, as the SDK passes it to a handler. */
function requestWith({ requestState, asked, token, signal = new AbortController().signal }: Sent = {}) {
  const notified: unknown[] = [];
  const mcpReq = {
    signal,
    _meta: { progressToken: token },
    requestState: () => requestState,
    inputResponses: asked === undefined ? undefined : { asked },
    notify: async ({ params }: { params: object }) => void notified.push(params),
  };
  // Only these members are used.
  return { context: { mcpReq } as unknown as ServerContext, notified };
}

const progress = { progress: 1, message: 'waiting' };
const never = async (): Promise<Result> => expect.fail('The call began again.');

test('a call that asks waits for the same call with the answer, and reports to the request that is open', async () => {
  const rounds = newRounds();
  const [first, again] = [requestWith({ token: 'one' }), { token: 'two', asked: { action: 'accept' } }];
  let reportNow = async () => {};
  const asking = await rounds.answer(first.context, 'call', async ({ ask, report }) => {
    reportNow = async () => await report(progress);
    await reportNow();
    const answer = await ask?.(FORM, 0);
    await reportNow();
    return { answer };
  });
  expect(asking).toMatchObject({ resultType: 'input_required', inputRequests: { asked: FORM } });
  await reportNow();
  const second = requestWith({ ...again, requestState: stateOf(asking) });
  expect(await rounds.answer(second.context, 'call', never)).toEqual({ answer: { action: 'accept' } });
  expect([first.notified, second.notified]).toEqual([
    [{ progressToken: 'one', ...progress }],
    [{ progressToken: 'two', ...progress }],
  ]);
});

const stateOf = (result: Result) => (result as { requestState: string }).requestState;
const asks = async ({ ask }: Partial<Exchange>): Promise<Result> => ({ answer: await ask?.(FORM, 0) });

test('two calls that ask at once get their own answers', async () => {
  const rounds = newRounds();
  const asked = [
    await rounds.answer(requestWith().context, 'call', asks),
    await rounds.answer(requestWith().context, 'call', asks),
  ];
  const answers = asked.map(async (each, index) => {
    const { context } = requestWith({ requestState: stateOf(each), asked: index });
    return await rounds.answer(context, 'call', never);
  });
  expect(await Promise.all(answers)).toEqual([{ answer: 0 }, { answer: 1 }]);
});

test('a request that is sent twice gets the same result, and the call acts once', async () => {
  const rounds = newRounds();
  let acts = 0;
  const asking = await rounds.answer(requestWith().context, 'call', async ({ ask }) => {
    await ask?.(FORM, 0);
    acts += 1;
    return { acts };
  });
  const { context } = requestWith({ requestState: stateOf(asking), asked: {} });
  const both = [rounds.answer(context, 'call', never), rounds.answer(context, 'call', never)];
  expect(await Promise.all(both)).toEqual([{ acts: 1 }, { acts: 1 }]);
  expect(await rounds.answer(context, 'call', never)).toEqual({ acts: 1 });
});

test('an answer continues only the call that asked: no other tool, no other arguments, and none that has ended', async () => {
  const rounds = newRounds();
  const asking = await rounds.answer(requestWith().context, 'stop boat', asks);
  const { context } = requestWith({ requestState: stateOf(asking), asked: {} });
  await expect(rounds.answer(context, 'stop raft', never)).rejects.toMatchObject({ code: -32602 });
  const { context: unknown } = requestWith({ requestState: 'unknown', asked: {} });
  await expect(rounds.answer(unknown, 'stop boat', never)).rejects.toMatchObject({ code: -32602 });
  expect(await rounds.answer(context, 'stop boat', never)).toEqual({ answer: {} });
});

test('a call whose client does not come back ends as cancelled, and finds no folders to act in', async () => {
  const rounds = newRounds(1);
  const client = { name: 'c', version: '1', capabilities: { roots: {} } };
  const folders = clientFolders();
  let ended: Promise<unknown> = Promise.resolve();
  const asking = await rounds.answer(requestWith().context, 'call', async (reach) => {
    ended = folders.read({ ...reach, client, meta: undefined });
    return { folders: await ended };
  });
  await expect(ended).rejects.toThrow('did not send the call again');
  const { context } = requestWith({ requestState: stateOf(asking), asked: {} });
  await expect(rounds.answer(context, 'call', never)).rejects.toMatchObject({ code: -32602 });
});

test('the oldest of too many calls that wait ends', async () => {
  const rounds = newRounds();
  const ended: number[] = [];
  const begin = async (index: number) =>
    await rounds.answer(requestWith().context, 'call', async ({ ask, signal }) => {
      signal?.addEventListener('abort', () => ended.push(index));
      return { answer: await ask?.(FORM, 0) };
    });
  for (let index = 0; index < 66; index += 1) await begin(index);
  expect(ended).toEqual([0, 1]);
});

test('a call that is cancelled while it works after an answer ends, and asks nothing more', async () => {
  const rounds = newRounds();
  const cut = new AbortController();
  const asking = await rounds.answer(requestWith().context, 'call', async ({ ask, signal }) => {
    await ask?.(FORM, 0);
    const cancelled = new Promise((resolve) => signal?.addEventListener('abort', resolve));
    cut.abort(new Error('cut'));
    await cancelled;
    return { answer: await ask?.(FORM, 0) };
  });
  const { context } = requestWith({ requestState: stateOf(asking), asked: {}, signal: cut.signal });
  await expect(rounds.answer(context, 'call', never)).rejects.toThrow('cut');
});

test('a request that was cancelled before it is handled begins a cancelled call', async () => {
  const { context } = requestWith({ signal: AbortSignal.abort(new Error('cut')) });
  await expect(newRounds().answer(context, 'call', asks)).rejects.toThrow('cut');
});
