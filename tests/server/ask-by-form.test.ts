import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { expect, test } from 'vitest';
import { askByForm } from '../../src/server/asking/ask-by-form.ts';
import type { Extra } from '../../src/server/calls/on-request.ts';
import { waitLimitMs } from '../../src/server/calls/wait-limits.ts';

const FORM = { message: 'Well?', fields: { a: { title: 'A' } } };

function serverWith(elicitation: object | undefined, name: string): Server {
  const capabilities = elicitation && { elicitation };
  // The two questions that are asked of a server.
  const asked = { getClientCapabilities: () => capabilities ?? {}, getClientVersion: () => ({ name }) };
  return asked as unknown as Server;
}

function extraWith(sendRequest: (...args: unknown[]) => Promise<unknown>): Extra {
  return { signal: new AbortController().signal, sendRequest } as unknown as Extra;
}

test.each(['claude-code', 'codex-mcp-client', 'gemini-cli-mcp-client', 'somebody'])(
  'a form of %s is given up before the call is over there, and is not answered then',
  async (name) => {
    const limits: unknown[] = [];
    const late = extraWith(async (_request, _schema, options) => {
      limits.push(options);
      throw new Error('Request timed out');
    });
    const ask = askByForm(serverWith({ form: {} }, name), late);
    expect(await ask?.(FORM)).toBeUndefined();
    const [{ timeout }] = limits as [{ timeout: number }];
    expect(timeout).toBeGreaterThan(0);
    expect(timeout).toBeLessThan(waitLimitMs(name, 1e9));
  },
);

test('only a client that has forms is asked', () => {
  const extra = extraWith(async () => ({ action: 'cancel' }));
  expect(askByForm(serverWith(undefined, 'x'), extra)).toBeUndefined();
  expect(askByForm(serverWith({ url: {} }, 'x'), extra)).toBeUndefined();
  expect(askByForm(serverWith({}, 'x'), extra)).toBeTypeOf('function');
  expect(askByForm(serverWith({ form: {}, url: {} }, 'x'), extra)).toBeTypeOf('function');
});

test('a call that is cancelled meanwhile is over', async () => {
  const cut = new AbortController();
  const extra = extraWith(async () => {
    cut.abort();
    throw new Error('cut');
  });
  const ask = askByForm(serverWith({}, 'x'), { ...extra, signal: cut.signal });
  await expect(ask?.(FORM)).rejects.toThrow('cut');
});
