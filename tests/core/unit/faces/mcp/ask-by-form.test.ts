import { type ClientCapabilities, SdkError, SdkErrorCode } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { askByForm, type Connection } from '../../../../../src/core/faces/mcp/ask-by-form.ts';
import type { AskClient, Exchange } from '../../../../../src/core/faces/mcp/exchange.ts';
import { waitLimitMs } from '../../../../../src/core/faces/mcp/wait-limits.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';

const FORM = { message: 'Well?', fields: { a: { title: 'A' } } };

let nowMs = 0;
const clock = { monotonic: () => nowMs };

interface ClientPlan {
  elicitation?: ClientCapabilities['elicitation'];
  name?: string;
  /** How long its forms stay open. */
  openMs?: number;
}

function exchangeWith(answer: AskClient, plan: ClientPlan = {}): Exchange {
  const { elicitation, name = 'x', openMs = 0 } = { elicitation: {}, ...plan };
  return {
    client: { name, version: '1', capabilities: elicitation ? { elicitation } : {} },
    meta: undefined,
    signal: new AbortController().signal,
    report: async () => {},
    async ask(request, timeoutMs) {
      nowMs += openMs;
      return await answer(request, timeoutMs);
    },
  };
}

test.each(['claude-code', 'codex-mcp-client', 'gemini-cli-mcp-client', 'another client'])(
  'a form in %s is cancelled ten seconds before its call times out, and counts as unanswered',
  async (name) => {
    const limits: unknown[] = [];
    const late: AskClient = async (_request, timeoutMs) => {
      limits.push(timeoutMs);
      throw new SdkError(SdkErrorCode.RequestTimeout, 'Request timed out');
    };
    const ask = askByForm({}, exchangeWith(late, { name, elicitation: { form: {} }, openMs: 60_000 }), clock);
    expect(await ask?.(FORM)).toEqual({ kind: 'unanswered' });
    expect(limits).toEqual([waitLimitMs(name, Number.MAX_SAFE_INTEGER) - 10_000]);
    expect(limits[0]).toBeGreaterThan(0);
  },
);

test('all forms of a call share its time limit, and no form is shown after it', async () => {
  const limits: unknown[] = [];
  const slow: AskClient = async (_request, timeoutMs) => {
    limits.push(timeoutMs);
    return { action: 'accept', content: { a: 'yes' } };
  };
  const plan = { elicitation: { form: {} }, name: 'codex-mcp-client', openMs: 60_000 };
  const ask = askByForm({}, exchangeWith(slow, plan), clock) ?? expect.fail();
  const inAll = waitLimitMs('codex-mcp-client', Number.MAX_SAFE_INTEGER) - 10_000;
  const shown = Math.ceil(inAll / 60_000);
  for (let count = 0; count < shown; count += 1) expect(await ask(FORM)).toMatchObject({ kind: 'filled' });
  expect(await ask(FORM)).toEqual({ kind: 'unanswered' });
  expect(limits).toEqual(Array.from({ length: shown }, (_, index) => inAll - index * 60_000));
});

test('nothing in a form is hidden from the person who fills it in', async () => {
  const shown: unknown[] = [];
  const person: AskClient = async (request) => {
    shown.push(request);
    return { action: 'accept', content: { a: 'B' } };
  };
  const choices = [{ value: 'B', title: HIDING }];
  const ask = askByForm({}, exchangeWith(person, { openMs: 1000 }), clock);
  const field = { title: HIDING, description: HIDING, choices };
  expect(await ask?.({ message: HIDING, fields: { a: field } })).toEqual({
    kind: 'filled',
    filled: { a: 'B' },
  });
  expect(JSON.stringify(shown)).not.toMatch(ANY_HIDDEN);
  expect(JSON.stringify(shown).split('a\\\\u{e0041}b')).toHaveLength(5);
});

test('only a client with forms is asked', () => {
  const answer: AskClient = async () => ({ action: 'cancel' });
  const askOf = (elicitation: ClientCapabilities['elicitation']) =>
    askByForm({}, exchangeWith(answer, { elicitation }), clock);
  expect(askOf(undefined)).toBeUndefined();
  expect(askOf({ url: {} })).toBeUndefined();
  expect(askOf({})).toBeTypeOf('function');
  expect(askOf({ form: {}, url: {} })).toBeTypeOf('function');
});

test('a client is not asked where the protocol offers no way, and an invalid answer counts as unanswered', async () => {
  const { ask: _, ...mute } = exchangeWith(async () => undefined);
  expect(askByForm({}, mute, clock)).toBeUndefined();
  const odd = exchangeWith(async () => ({ action: 'perhaps' }), { openMs: 1000 });
  expect(await askByForm({}, odd, clock)?.(FORM)).toEqual({ kind: 'unanswered' });
});

describe.each(['cancel', 'decline'])('a form that ends with %s', (action) => {
  const exchange = (openMs: number) => exchangeWith(async () => ({ action }), { openMs });

  test('counts as not shown if no person can have read it, and no other form is tried on that connection', async () => {
    const connection: Connection = {};
    expect(await askByForm(connection, exchange(299), clock)?.(FORM)).toEqual({ kind: 'not_shown' });
    expect(askByForm(connection, exchange(0), clock)).toBeUndefined();
  });

  test('counts as unanswered if a person saw it, and the next one is shown', async () => {
    const connection: Connection = {};
    expect(await askByForm(connection, exchange(300), clock)?.(FORM)).toEqual({ kind: 'unanswered' });
    expect(askByForm(connection, exchange(0), clock)).toBeTypeOf('function');
  });
});

test('choices are sent with their titles, and only offered values are accepted', async () => {
  const asked: unknown[] = [];
  const answers = [{ a: 'B' }, { a: 'b) both' }, { a: 7 }];
  const person: AskClient = async (request) => {
    asked.push(request);
    return { action: 'accept', content: answers[asked.length - 1] };
  };
  const choices = [
    { value: 'A', title: 'A) one' },
    { value: 'B', title: 'B) both' },
  ];
  const form = { message: 'Which?', fields: { a: { title: 'Q1', choices, default: 'A' } } };
  const ask = askByForm({}, exchangeWith(person), clock) ?? expect.fail();
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

test('an error of ours is no answer of the client', async () => {
  const broken = exchangeWith(async () => {
    throw new RangeError('a bug');
  });
  const connection: Connection = {};
  await expect(askByForm(connection, broken, clock)?.(FORM)).rejects.toThrow('a bug');
  expect(connection).toEqual({});
});

test('between requests no time limit of the client applies to a form', async () => {
  const limits: number[] = [];
  const late: AskClient = async (_request, timeoutMs) => {
    limits.push(timeoutMs);
    return { action: 'decline' };
  };
  const exchange = { ...exchangeWith(late, { openMs: 600_000 }), asksBetweenRequests: true } as const;
  const ask = askByForm({}, exchange, clock) ?? expect.fail();
  expect([await ask(FORM), await ask(FORM)]).toEqual([{ kind: 'unanswered' }, { kind: 'unanswered' }]);
  expect(limits).toEqual([1_790_000, 1_190_000]);
});

test('a call that is cancelled while a form is open ends', async () => {
  const cut = new AbortController();
  const exchange = exchangeWith(async () => {
    cut.abort();
    throw new Error('cut');
  });
  const ask = askByForm({}, { ...exchange, signal: cut.signal }, clock);
  await expect(ask?.(FORM)).rejects.toThrow('cut');
});
