import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { describe, expect, test } from 'vitest';
import { askByForm, type Connection } from '../../../../../src/core/kit/mcp/ask-by-form.ts';
import type { Extra } from '../../../../../src/core/kit/mcp/on-request.ts';
import { waitLimitMs } from '../../../../../src/core/kit/mcp/wait-limits.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';

const FORM = { message: 'Well?', fields: { a: { title: 'A' } } };

function connectionWith(elicitation: object | undefined, name: string): Connection {
  const capabilities = elicitation && { elicitation };
  // Only these two methods of a server are used here.
  const asked = { getClientCapabilities: () => capabilities ?? {}, getClientVersion: () => ({ name }) };
  return { server: asked as unknown as Server };
}

let nowMs = 0;
const clock = { monotonic: () => nowMs };

/** A client whose forms stay open for this long. */
function extraWith(answer: (...args: unknown[]) => Promise<unknown>, openMs = 0): Extra {
  const sendRequest = (...args: unknown[]) => {
    nowMs += openMs;
    return answer(...args);
  };
  return { signal: new AbortController().signal, sendRequest } as unknown as Extra;
}

test.each(['claude-code', 'codex-mcp-client', 'gemini-cli-mcp-client', 'another client'])(
  'a form in %s is cancelled ten seconds before its call times out, and counts as unanswered',
  async (name) => {
    const limits: unknown[] = [];
    const late = extraWith(async (_request, _schema, options) => {
      limits.push(options);
      throw new Error('Request timed out');
    }, 60_000);
    const ask = askByForm(connectionWith({ form: {} }, name), late, clock);
    expect(await ask?.(FORM)).toEqual({ kind: 'unanswered' });
    const [{ timeout }] = limits as [{ timeout: number }];
    expect(timeout).toBeGreaterThan(0);
    expect(timeout).toBe(waitLimitMs(name, Number.MAX_SAFE_INTEGER) - 10_000);
  },
);

test('all forms of a call share its time limit, and no form is shown after it', async () => {
  const limits: unknown[] = [];
  const slow = extraWith(async (_request, _schema, options) => {
    limits.push((options as { timeout: number }).timeout);
    return { action: 'accept', content: { a: 'yes' } };
  }, 60_000);
  const ask = askByForm(connectionWith({ form: {} }, 'codex-mcp-client'), slow, clock) ?? expect.fail();
  const inAll = waitLimitMs('codex-mcp-client', Number.MAX_SAFE_INTEGER) - 10_000;
  const shown = Math.ceil(inAll / 60_000);
  for (let count = 0; count < shown; count += 1) expect(await ask(FORM)).toMatchObject({ kind: 'filled' });
  expect(await ask(FORM)).toEqual({ kind: 'unanswered' });
  expect(limits).toEqual(Array.from({ length: shown }, (_, index) => inAll - index * 60_000));
});

test('nothing in a form is hidden from the person who fills it in', async () => {
  const shown: unknown[] = [];
  const extra = extraWith(async (request) => {
    shown.push(request);
    return { action: 'accept', content: { a: 'B' } };
  }, 1000);
  const choices = [{ value: 'B', title: HIDING }];
  const ask = askByForm(connectionWith({ form: {} }, 'x'), extra, clock);
  const field = { title: HIDING, description: HIDING, choices };
  expect(await ask?.({ message: HIDING, fields: { a: field } })).toEqual({
    kind: 'filled',
    filled: { a: 'B' },
  });
  expect(JSON.stringify(shown)).not.toMatch(ANY_HIDDEN);
  expect(JSON.stringify(shown).split('a\\\\u{e0041}b')).toHaveLength(5);
});

test('only a client with forms is asked', () => {
  const extra = extraWith(async () => ({ action: 'cancel' }));
  expect(askByForm(connectionWith(undefined, 'x'), extra, clock)).toBeUndefined();
  expect(askByForm(connectionWith({ url: {} }, 'x'), extra, clock)).toBeUndefined();
  expect(askByForm(connectionWith({}, 'x'), extra, clock)).toBeTypeOf('function');
  expect(askByForm(connectionWith({ form: {}, url: {} }, 'x'), extra, clock)).toBeTypeOf('function');
});

describe.each(['cancel', 'decline'])('a form that ends with %s', (action) => {
  const extra = (openMs: number) => extraWith(async () => ({ action }), openMs);

  test('counts as not shown if no person can have read it, and no other form is tried on that connection', async () => {
    const connection = connectionWith({}, 'x');
    expect(await askByForm(connection, extra(299), clock)?.(FORM)).toEqual({ kind: 'not_shown' });
    expect(askByForm(connection, extra(0), clock)).toBeUndefined();
  });

  test('counts as unanswered if a person saw it, and the next one is shown', async () => {
    const connection = connectionWith({}, 'x');
    expect(await askByForm(connection, extra(300), clock)?.(FORM)).toEqual({ kind: 'unanswered' });
    expect(askByForm(connection, extra(0), clock)).toBeTypeOf('function');
  });
});

test('choices are sent with their titles, and only offered values are accepted', async () => {
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
  const ask = askByForm(connectionWith({}, 'x'), extra, clock) ?? expect.fail();
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

test('a call that is cancelled while a form is open ends', async () => {
  const cut = new AbortController();
  const extra = extraWith(async () => {
    cut.abort();
    throw new Error('cut');
  });
  const ask = askByForm(connectionWith({}, 'x'), { ...extra, signal: cut.signal }, clock);
  await expect(ask?.(FORM)).rejects.toThrow('cut');
});
