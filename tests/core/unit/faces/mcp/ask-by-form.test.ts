import { type ClientCapabilities, SdkError, SdkErrorCode } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import type { Form, FormField } from '../../../../../src/core/caller/facts/form.ts';
import { askByForm, type Connection } from '../../../../../src/core/faces/mcp/ask-by-form.ts';
import type { AskClient, Exchange } from '../../../../../src/core/faces/mcp/exchange.ts';
import type { FormOutcome } from '../../../../../src/core/faces/mcp/form.ts';
import { shownForm } from '../../../../../src/core/faces/mcp/shown-form.ts';
import { waitLimitMs } from '../../../../../src/core/faces/mcp/wait-limits.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { typedDigits } from '../../../../support/type-digits.ts';

const FORM = { message: 'Well?', fields: { a: { title: 'A' } } };

let nowMs = 0;
const clock = { monotonic: () => nowMs };

interface ClientPlan {
  elicitation?: ClientCapabilities['elicitation'];
  name?: string;
  /** How long its forms stay open. */
  openMs?: number;
}

/** A client in whose forms nothing that is typed chooses. */
const BY_ARROWS = { name: 'claude-code' };

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
  const plan = { elicitation: { form: {} }, ...BY_ARROWS, openMs: 60_000 };
  const ask = askByForm({}, exchangeWith(slow, plan), clock) ?? expect.fail();
  const inAll = waitLimitMs(BY_ARROWS.name, Number.MAX_SAFE_INTEGER) - 10_000;
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
  const ask = askByForm({}, exchangeWith(person, { ...BY_ARROWS, openMs: 1000 }), clock);
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

  test('counts as unanswered if a person saw it, as does every later one, and the next one is shown', async () => {
    const connection: Connection = {};
    for (const openMs of [300, 0])
      expect(await askByForm(connection, exchange(openMs), clock)?.(FORM)).toEqual({ kind: 'unanswered' });
    expect(askByForm(connection, exchange(0), clock)).toBeTypeOf('function');
  });
});

test('choices are sent with a sign before their titles, nothing filled in, and only offered values are accepted', async () => {
  const asked: unknown[] = [];
  const answers = [{ a: 'B' }, { a: 'b) both' }, { a: 7 }, {}];
  const person: AskClient = async (request) => {
    asked.push(request);
    return { action: 'accept', content: answers[asked.length - 1] };
  };
  const choices = [
    { value: 'A', title: 'A) one' },
    { value: 'B', title: 'B) both' },
  ];
  const form = { message: 'Which?', fields: { a: { title: 'Q1', choices, default: 'A' } } };
  const ask = askByForm({}, exchangeWith(person, BY_ARROWS), clock) ?? expect.fail();
  expect(await ask(form)).toEqual({ kind: 'filled', filled: { a: 'B' } });
  for (const _ of answers.slice(1)) expect(await ask(form)).toEqual({ kind: 'unanswered' });
  const field = { type: 'string', title: 'Q1', enum: ['A', 'B'], enumNames: ['◦ A) one', '◦ B) both'] };
  expect(asked[0]).toEqual({
    method: 'elicitation/create',
    params: {
      message: 'Which?',
      requestedSchema: { type: 'object', properties: { a: field }, required: ['a'] },
    },
  });
});

const CHOSEN: Form = {
  message: 'Which?',
  fields: {
    a: {
      title: 'Q1',
      choices: [
        { value: 'read', title: 'Read it', decidesNothing: true },
        { value: 'yes', title: 'Yes' },
        { value: 'no', title: 'No', more: { message: 'Why?', fields: { why: { title: 'Why' } } } },
      ],
    },
  },
};

/** What is taken from a client of that name whose forms are filled in so; `typed` are the digits that a form asks for. */
async function taken(
  name: string,
  ...contents: ReadonlyArray<Record<string, string> | 'typed' | undefined>
): Promise<[FormOutcome | undefined, number]> {
  const left = [...contents];
  const person: AskClient = async (request) => {
    const content = left.shift();
    const { params } = request as { params: { message: string } };
    const typed = typedDigits(params);
    if (content === 'typed') return typed ?? expect.fail();
    return content === undefined ? { action: 'cancel' } : { action: 'accept', content };
  };
  const ask = askByForm({}, exchangeWith(person, { name, openMs: 1000 }), clock);
  return [await ask?.(CHOSEN), left.length];
}

const UNANSWERED = { kind: 'unanswered' };
const NO = { a: 'no', why: 'short' };

test.each<[string, Parameters<typeof taken>, object]>([
  ['a choice', ['claude-code', { a: 'yes' }], { kind: 'filled', filled: { a: 'yes' } }],
  ['a choice and its text', ['claude-code', { a: 'no' }, { why: 'short' }], { kind: 'filled', filled: NO }],
  [
    'a choice whose text is left',
    ['claude-code', { a: 'no' }, undefined],
    { kind: 'filled', filled: { a: 'no' } },
  ],
  [
    'a choice that decides nothing, anywhere',
    ['x', { a: 'read' }],
    { kind: 'filled', filled: { a: 'read' } },
  ],
  [
    'a choice whose text is left, anywhere',
    ['x', { a: 'no' }, undefined],
    { kind: 'filled', filled: { a: 'no' } },
  ],
  ['a choice and the digits', ['x', { a: 'yes' }, 'typed'], { kind: 'filled', filled: { a: 'yes' } }],
  [
    'a text and the digits',
    ['codex-mcp-client', { a: 'no' }, { why: 'short' }, 'typed'],
    { kind: 'filled', filled: NO },
  ],
  [
    'a choice and other words than the digits',
    ['codex-mcp-client', { a: 'yes' }, { digits: 'yes' }],
    UNANSWERED,
  ],
  ['a choice without digits', ['codex-mcp-client', { a: 'yes' }, undefined], UNANSWERED],
  ['a text without digits', ['x', { a: 'no' }, { why: 'short' }, undefined], UNANSWERED],
])('of a form, %s is what was decided, as far as it is the whole of it', async (_what, plan, outcome) => {
  expect(await taken(...plan)).toEqual([outcome, 0]);
});

test('where a text is wanted, a choice to write it leads there; a note needs the chat, and a terminal is not offered', () => {
  const choices = [
    { value: 'A', title: 'A) one' },
    { value: 'edit', title: 'Edit', isForTerminal: true as const },
  ];
  const valuesOf = (field: Omit<FormField, 'title'>) =>
    shownForm({ message: '', fields: { a: { title: 'Q1', ...field } } }).fields.a?.choices?.map(
      ({ value }) => value,
    );
  expect(valuesOf({ words: 'any' })).toEqual(['own words', 'write']);
  expect(valuesOf({ words: 'any', choices })).toEqual(['own words', 'A', 'write']);
  expect(valuesOf({ words: 'note', choices })).toEqual(['own words', 'A']);
  expect(valuesOf({ choices })).toEqual(['A']);
  expect(valuesOf({})).toBeUndefined();
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
