import { expect, test } from 'vitest';
import {
  type Around,
  type CardSession,
  type ResultFields,
  readPlaces,
} from '../../../../../src/extensions/pages/card/card-data.ts';
import { resultPage } from '../../../../../src/extensions/pages/card/result-page.ts';
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

/** What the server adds: every text that others can write is `also`. */
const shownAs = (also: string): CardSession[] =>
  ROWS.map(() => ({ task: also, says: 'done', for: 'plan_approval', wants: also, page: PAGE }));

const pageOf = (name: string, also: string, around: Partial<Around> = {}) =>
  resultPage(RESULTS[name]?.(also) ?? { summary: '' }, { ...AROUND, sessions: shownAs(also), ...around })
    .text;

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
  expect(list).toContainEqual({ name: 'get_status', arguments: { session: 'x', project_dir: 'x' } });
});

const names = (page: string) => callsOf(page).map(({ name }) => name);

test('a form is offered where the client has forms, while something is asked', () => {
  expect(names(pageOf('read_qa', 'x'))).toContain('answer_qa');
  expect(names(pageOf('read_plan', 'x'))).toContain('approve_plan');
  expect(names(pageOf('read_qa', 'x', { hasForms: false }))).not.toContain('answer_qa');
  const approved = { ...RESULTS.read_plan?.('x'), summary: 'This plan was approved.' };
  expect(names(resultPage(approved, AROUND).text)).not.toContain('approve_plan');
});

test('where neither forms nor a page are at hand, the card names the command', () => {
  const without = { canCall: false, hasForms: false, page: undefined, sessions: [] };
  const page = pageOf('read_qa', 'x', without);
  expect(page).not.toContain('<button');
  expect(page).toContain('<code>samocode web --open</code>');
});

const ASKS: ResultFields = {
  summary: 'Four sessions; two need the user.',
  sessions: [
    { session: 'map', state: 'running', since: '2026-01-08T09:00Z' },
    { session: 'boats', state: 'waiting', for: 'plan_approval', since: '2026-01-08T12:00Z', project: '~/b' },
    { session: 'piers', state: 'waiting', for: 'qa_answers', since: '2026-01-08T10:00Z', project: '~/p' },
    { session: 'tides', state: 'done', since: '2026-01-08T08:00Z' },
  ],
};
const IN_WORDS: CardSession[] = [
  { task: 'Draw the map', says: 'running', isYours: false },
  { task: 'Name the boats', says: 'waits for approval', isYours: true, page: PAGE },
  { task: 'Light the piers', says: 'waits for answers', isYours: true, wants: 'Which lamps?', page: PAGE },
  { task: 'Read the tides', says: 'done', isYours: false },
];

/** The text of a page, with a line for each part. */
const textIn = (page: string) => page.replace(/<\/(?:h\d|p|li)>/g, '\n').replace(/<[^>]*>/g, '');

test('first comes what needs the person, oldest first, with its task, its wish in words and its project', () => {
  const text = textIn(resultPage(ASKS, { ...AROUND, sessions: IN_WORDS }).text);
  expect(text.match(/^(?:Needs you 2|Others 2|Light the piers|Which lamps\?|Name the boats)$/gm)).toEqual([
    ...['Needs you 2', 'Light the piers', 'Which lamps?', 'Name the boats', 'Others 2'],
  ]);
  expect(text).toMatch(/● waits for answers · for {2}· piers {2}· ~\/p/);
  expect(text).toMatch(/◆ map {2}· running · for {2}Draw the map/);
  expect(text).toMatch(/✔ tides {2}· done · {2}ago Read the tides/);
});

test('what needs the person is decided in a form, or on the page, whose address has no code', () => {
  const withForms = resultPage(ASKS, { ...AROUND, sessions: IN_WORDS }).text;
  expect(names(withForms).filter((name) => /^(?:answer|approve)_/.test(name))).toEqual([
    ...['answer_qa', 'approve_plan'],
  ]);
  const without = resultPage(ASKS, { ...AROUND, hasForms: false, sessions: IN_WORDS }).text;
  expect(names(without).filter((name) => /^(?:answer|approve)_/.test(name))).toEqual([]);
  expect(addressesIn(without)).toEqual([PAGE, PAGE, PAGE]);
});

test('where a client passes nothing besides the result, the card shows the words of the result', () => {
  const text = textIn(resultPage(ASKS, { args: {}, canCall: false, hasForms: false }).text);
  expect(text).toMatch(/Needs you 2\npiers\n+● waiting for answers · for/);
  expect(text).toContain('samocode web --open');
});

test.each<[string, string, string]>([
  ['running', 'working', '◆'],
  ['queued', 'resting', '■'],
  ['limited', 'resting', '■'],
  ['stopped', 'resting', '■'],
  ['done', 'done', '✔'],
  ['constructor', 'resting', '■'],
])(
  'a session that is %s has the tone %s, and the one of the server where it gives one',
  (state, tone, sign) => {
    const fields = { summary: '', session: 'x', state };
    const page = (sessions: CardSession[]) => resultPage(fields, { ...AROUND, sessions }).text;
    expect(page([{ isYours: false }])).toContain(`<b class="mark tone-${tone}">${sign}</b>`);
    expect(page([{ isYours: false, tone: 'working' }])).toContain('<b class="mark tone-working">◆</b>');
  },
);

test('the time since when a session is limited does not follow the time at which the limit ends', () => {
  const shown = { says: 'usage limit ends at 2026-01-08T15:00Z', isYours: false };
  const fields = { summary: '', session: 'x', state: 'limited', since: '2026-01-08T12:00Z' };
  const page = resultPage(fields, { ...AROUND, sessions: [shown] }).text;
  expect(page).toContain('usage limit ends at 2026-01-08T15:00Z · for <time');
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'x'],
  ['sessions that are no list', { summary: 'x', sessions: {} }],
  ['rows that are no objects', { summary: 'x', sessions: [null, 1, 'x', { since: 5 }] }],
  ['no summary', { session: 'x', state: 'done', since: 7, says: { reason: {} }, problems: 'x' }],
  ['questions without options', { session: 'x', questions: [{ id: 'Q1' }, null, { options: [1, 'A) x'] }] }],
  ['a plan with remarks that are no list', { hash: 'a', text: 3, remarks: 'x', mcp_servers: {} }],
])('%s as a result is shown as far as it can be', (_what, given) => {
  expect(resultPage(given, { ...AROUND, args: {} }).text).toContain('<h1');
});

test('beside a result, a client can give neither a link outside the web nor the facts of the client', () => {
  const link = 'javascript:alert(1)';
  const places = readPlaces({
    page: link,
    sessions: [{ page: link, tone: 'x' }, null],
    canCall: true,
    hasForms: 1,
  });
  expect(places).toEqual({
    hasForms: false,
    page: undefined,
    sessions: [{ page: undefined }, { page: undefined }],
  });
  expect(readPlaces({ page: PAGE, sessions: {} })).toMatchObject({ page: PAGE, sessions: [] });
  expect(readPlaces(null)).toMatchObject({ hasForms: false, sessions: [] });
});
