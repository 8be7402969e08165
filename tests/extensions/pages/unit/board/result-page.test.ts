import { expect, test } from 'vitest';
import {
  type Around,
  type ResultFields,
  resultPage,
} from '../../../../../src/extensions/pages/board/result-page.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { addressesIn, skeletonOf } from '../report/page-skeleton.ts';
import { MARKDOWN_PAYLOADS, PAYLOADS } from '../report/payloads.ts';

const PAGE = 'http://127.0.0.1:4577/#/s/0123456789ab';
const AROUND: Around = { args: {}, canCall: true, hasForms: true, page: PAGE };

const ROWS = [
  { state: 'waiting', for: 'plan_approval' },
  { state: 'running' },
  { state: 'queued' },
  { state: 'done' },
  { state: 'running', worker: 'gone' },
] as const;

/** A result of each tool in which every text that others can write is `also`. */
const RESULTS: Readonly<Record<string, (also: string) => ResultFields>> = {
  list_sessions: (also) => ({
    summary: also,
    sessions: ROWS.map((row) => ({ ...row, session: also, project: also, since: also, phase: 'planning' })),
    more_from: 20,
  }),
  get_status: (also) => ({
    ...{ summary: also, session: also, state: 'waiting', for: 'qa_answers', phase: 'testing' },
    ...{ problems: [also], says: { reason: also, last_action: also }, activity: also, since: also },
    ...{ branch: also, sandbox: also, checks: also, gates: also, spent: also, messages: also, worker: also },
  }),
  read_qa: (also) => ({
    ...{ summary: also, session: also, state: 'waiting', problems: [also], about: also },
    questions: [
      { id: also, text: also, options: [`A) ${also}`, also], suggestion: also },
      { id: also, text: also, options: [], answer: also, open: false },
      { id: also, text: also, options: [], unconfirmed_answer: also },
    ],
  }),
  read_plan: (also) => ({
    ...{ summary: `waits for ${also}`, session: also, plan: also, hash: also, changes: also },
    ...{ mcp_servers: [also], remarks: [also], text: 'x' },
  }),
  'an error': (also) => ({ summary: also }),
};

const pageOf = (name: string, also: string, around: Partial<Around> = {}) =>
  resultPage(RESULTS[name]?.(also) ?? { summary: '' }, { ...AROUND, ...around }).text;

test.each(Object.keys(RESULTS))('no text of %s creates another tag or attribute', (name) => {
  const expected = skeletonOf(pageOf(name, 'x', { args: { project_dir: 'x' } }));
  expect(expected.stray).toEqual([]);
  for (const payload of PAYLOADS) {
    const page = pageOf(name, payload, { args: { project_dir: payload } });
    expect([payload, skeletonOf(page)]).toEqual([payload, expected]);
    expect(addressesIn(page).filter((address) => address !== PAGE)).toEqual([]);
  }
});

test('a plan is Markdown, and leads only to the web', () => {
  for (const text of MARKDOWN_PAYLOADS) {
    const page = resultPage({ summary: '', hash: 'a', plan: 'b', text }, AROUND).text;
    expect(skeletonOf(page).stray).toEqual([]);
    expect(
      skeletonOf(page).tags.filter((tag) =>
        /^\/?(?:script|iframe|img|svg|style|base|meta|form)\b| on/.test(tag),
      ),
    ).toEqual([]);
    expect(addressesIn(page).filter((address) => !/^https?:/.test(address))).toEqual([]);
  }
});

test.each(Object.keys(RESULTS))('no character that hides text is shown of %s', (name) => {
  expect(pageOf(name, HIDING)).not.toMatch(ANY_HIDDEN);
});

/** The calls of a page's buttons. */
function callsOf(page: string): { name: string; arguments: object }[] {
  const found = [...page.matchAll(/ data-call="([^"]*)"/g)];
  return found.map(([, call = '']) => JSON.parse(call.replaceAll('&quot;', '"')));
}

test('no button carries an answer or the hash of a plan, whatever the result says', () => {
  for (const name of Object.keys(RESULTS))
    for (const call of callsOf(pageOf(name, 'x'))) {
      expect(call.name).toMatch(/^(?:list_sessions|get_status|read_qa|read_plan|answer_qa|approve_plan)$/);
      expect(['session', 'project_dir', 'offset']).toEqual(
        expect.arrayContaining(Object.keys(call.arguments)),
      );
    }
});

test('calls about a session stay in the project that was asked about, or that the list names', () => {
  const status = callsOf(pageOf('get_status', 'x', { args: { project_dir: '/a' } }));
  expect(status.map((call) => call.arguments)).toContainEqual({ session: 'x', project_dir: '/a' });
  const list = callsOf(pageOf('list_sessions', 'x', { args: { project_dir: '/a' } }));
  expect(list[0]).toEqual({ name: 'get_status', arguments: { session: 'x', project_dir: 'x' } });
});

const names = (page: string) => callsOf(page).map(({ name }) => name);

test('a form is offered where the client has forms, while something is asked', () => {
  expect(names(pageOf('read_qa', 'x'))).toContain('answer_qa');
  expect(names(pageOf('read_plan', 'x'))).toContain('approve_plan');
  expect(names(pageOf('read_qa', 'x', { hasForms: false }))).not.toContain('answer_qa');
  const approved = { ...RESULTS.read_plan?.('x'), summary: 'This plan was approved.' };
  expect(names(resultPage(approved, AROUND).text)).not.toContain('approve_plan');
});

test('where neither forms nor a page are at hand, the board names the command', () => {
  const page = pageOf('read_qa', 'x', { canCall: false, hasForms: false, page: undefined });
  expect(page).not.toContain('<button');
  expect(page).toContain('<code>samocode web --open</code>');
});
