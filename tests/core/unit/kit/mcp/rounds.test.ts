import type { Result, ServerContext } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { clientFolders } from '../../../../../src/core/kit/mcp/client-folders.ts';
import type { Exchange } from '../../../../../src/core/kit/mcp/exchange.ts';
import { newRounds } from '../../../../../src/core/kit/mcp/rounds.ts';

const FORM = {
  method: 'elicitation/create',
  params: { message: 'Well?', requestedSchema: { type: 'object', properties: {} } },
} as const;

interface Sent {
  requestState?: string;
  asked?: unknown;
  signal?: AbortSignal;
}

/** A request, as the SDK passes it to a handler. */
function requestWith({ requestState, asked, signal = new AbortController().signal }: Sent = {}) {
  const notified: string[] = [];
  const mcpReq = {
    signal,
    requestState: () => requestState,
    inputResponses: asked === undefined ? undefined : { asked },
    notify: async ({ method }: { method: string }) => void notified.push(method),
  };
  // Only these members are used.
  return { context: { mcpReq } as unknown as ServerContext, notified };
}

const PROGRESS = { method: 'notifications/progress', params: { progressToken: 1, progress: 1 } } as const;

test('a call that asks waits for the same call with the answer, and reports to the request that is open', async () => {
  const answerInRounds = newRounds();
  const [first, second] = [requestWith(), requestWith()];
  let report = async () => {};
  const asking = await answerInRounds(first.context, async ({ ask, notify }) => {
    report = async () => await notify(PROGRESS);
    await report();
    const answer = await ask(FORM, 60_000);
    await report();
    return { answer };
  });
  expect(asking).toMatchObject({ resultType: 'input_required', inputRequests: { asked: FORM } });
  await report();
  expect([first.notified, second.notified]).toEqual([[PROGRESS.method], []]);
  const { requestState } = asking as { requestState: string };
  const again = requestWith({ requestState, asked: { action: 'accept' } });
  const never = async (): Promise<Result> => expect.fail('The call began again.');
  expect(await answerInRounds(again.context, never)).toEqual({ answer: { action: 'accept' } });
  expect(again.notified).toEqual([PROGRESS.method]);
  const anew = async (): Promise<Result> => ({ begun: 'anew' });
  expect(await answerInRounds(requestWith({ requestState }).context, anew)).toEqual({ begun: 'anew' });
});

test('two calls that ask at once get their own answers', async () => {
  const answerInRounds = newRounds();
  const call = async ({ ask }: Pick<Exchange, 'ask'>): Promise<Result> => ({
    answer: await ask?.(FORM, 60_000),
  });
  const asked = [
    await answerInRounds(requestWith().context, call),
    await answerInRounds(requestWith().context, call),
  ];
  const answers = asked.map(async (each, index) => {
    const { requestState } = each as { requestState: string };
    return await answerInRounds(requestWith({ requestState, asked: index }).context, call);
  });
  expect(await Promise.all(answers)).toEqual([{ answer: 0 }, { answer: 1 }]);
});

test('a call whose client does not come back in time ends as cancelled, and finds no folders to act in', async () => {
  const answerInRounds = newRounds();
  const client = { name: 'c', version: '1', capabilities: { roots: {} } };
  const folders = clientFolders();
  let ended: Promise<unknown> = Promise.resolve();
  await answerInRounds(requestWith().context, async (reach) => {
    const exchange: Exchange = {
      ...reach,
      client,
      meta: undefined,
      ask: async (request) => await reach.ask(request, 0),
    };
    ended = folders.read(exchange);
    return { folders: await ended };
  });
  await expect(ended).rejects.toThrow('did not send the call again in time');
});

test('a call that is cancelled while it works after an answer ends', async () => {
  const answerInRounds = newRounds();
  const cut = new AbortController();
  const asking = await answerInRounds(requestWith().context, async ({ ask, signal }) => {
    await ask(FORM, 60_000);
    const cancelled = new Promise((resolve) => signal.addEventListener('abort', resolve));
    cut.abort();
    await cancelled;
    throw new Error('cut');
  });
  const { requestState } = asking as { requestState: string };
  const { context } = requestWith({ requestState, asked: {}, signal: cut.signal });
  await expect(answerInRounds(context, async () => ({}))).rejects.toThrow('cut');
});
