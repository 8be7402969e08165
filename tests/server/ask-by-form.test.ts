import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { describe, expect, test } from 'vitest';
import { askByForm, type Connection } from '../../src/server/asking/ask-by-form.ts';
import type { Extra } from '../../src/server/calls/on-request.ts';
import { longestWaitMs } from '../../src/server/calls/wait-limits.ts';

const FORM = { message: 'Well?', fields: { a: { title: 'A' } } };

function connectionWith(elicitation: object | undefined, name: string): Connection {
  const capabilities = elicitation && { elicitation };
  // The two questions that are asked of a server.
  const asked = { getClientCapabilities: () => capabilities ?? {}, getClientVersion: () => ({ name }) };
  return { server: asked as unknown as Server };
}

function extraWith(sendRequest: (...args: unknown[]) => Promise<unknown>): Extra {
  return { signal: new AbortController().signal, sendRequest } as unknown as Extra;
}

/** A clock that says how long each form was open. */
function clockOf(openMs: number) {
  let now = 0;
  return {
    monotonic() {
      now += openMs;
      return now;
    },
  };
}

test.each(['claude-code', 'codex-mcp-client', 'gemini-cli-mcp-client', 'somebody'])(
  'a form of %s is given up ten seconds before the call is over there, and is not answered then',
  async (name) => {
    const limits: unknown[] = [];
    const late = extraWith(async (_request, _schema, options) => {
      limits.push(options);
      throw new Error('Request timed out');
    });
    const ask = askByForm(connectionWith({ form: {} }, name), late, clockOf(60_000));
    expect(await ask?.(FORM)).toEqual({ kind: 'unanswered' });
    const [{ timeout }] = limits as [{ timeout: number }];
    expect(timeout).toBeGreaterThan(0);
    expect(timeout).toBe(longestWaitMs(name) - 10_000);
  },
);

test('only a client that has forms is asked', () => {
  const extra = extraWith(async () => ({ action: 'cancel' }));
  expect(askByForm(connectionWith(undefined, 'x'), extra, clockOf(0))).toBeUndefined();
  expect(askByForm(connectionWith({ url: {} }, 'x'), extra, clockOf(0))).toBeUndefined();
  expect(askByForm(connectionWith({}, 'x'), extra, clockOf(0))).toBeTypeOf('function');
  expect(askByForm(connectionWith({ form: {}, url: {} }, 'x'), extra, clockOf(0))).toBeTypeOf('function');
});

describe.each(['cancel', 'decline'])('a form that ends with %s', (action) => {
  const extra = extraWith(async () => ({ action }));

  test('was not shown when nobody can have read it, and no other is tried on that connection', async () => {
    const connection = connectionWith({}, 'x');
    expect(await askByForm(connection, extra, clockOf(299))?.(FORM)).toEqual({ kind: 'not_shown' });
    expect(askByForm(connection, extra, clockOf(0))).toBeUndefined();
  });

  test('was not answered by somebody who saw it, and the next one is shown', async () => {
    const connection = connectionWith({}, 'x');
    expect(await askByForm(connection, extra, clockOf(300))?.(FORM)).toEqual({ kind: 'unanswered' });
    expect(askByForm(connection, extra, clockOf(0))).toBeTypeOf('function');
  });
});

test('choices go out with their titles, and come back only as what was offered', async () => {
  const asked: unknown[] = [];
  const answers = [{ a: 'B' }, { a: 'b) both' }, { a: 7 }];
  const extra = extraWith(async (request) => {
    asked.push(request);
    return { action: 'accept', content: answers[asked.length - 1] };
  });
  const choices = [
    { value: 'A', title: 'A) one' },
    { value: 'B', title: 'B) both' },
  ];
  const form = { message: 'Which?', fields: { a: { title: 'Q1', choices, default: 'A' } } };
  const ask = askByForm(connectionWith({}, 'x'), extra, clockOf(0)) ?? expect.fail();
  expect(await ask(form)).toEqual({ kind: 'filled', filled: { a: 'B' } });
  expect(await ask(form)).toEqual({ kind: 'filled', filled: {} });
  expect(await ask(form)).toEqual({ kind: 'filled', filled: {} });
  expect(asked[0]).toMatchObject({
    params: {
      requestedSchema: {
        properties: { a: { title: 'Q1', enum: ['A', 'B'], enumNames: ['A) one', 'B) both'], default: 'A' } },
      },
    },
  });
});

test('a call that is cancelled meanwhile is over', async () => {
  const cut = new AbortController();
  const extra = extraWith(async () => {
    cut.abort();
    throw new Error('cut');
  });
  const ask = askByForm(connectionWith({}, 'x'), { ...extra, signal: cut.signal }, clockOf(0));
  await expect(ask?.(FORM)).rejects.toThrow('cut');
});
