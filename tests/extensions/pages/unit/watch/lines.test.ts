import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from '../../../../../src/core/faces/terminal/columns.ts';
import { makeStyle } from '../../../../../src/core/faces/terminal/style.ts';
import { countsSeconds, screenLines } from '../../../../../src/extensions/pages/watch/lines.ts';
import {
  ALL_KEYS,
  START_SELECTION,
  type WatchModel,
  type WatchSelection,
} from '../../../../../src/extensions/pages/watch/press.ts';
import { MODEL, MODEL_OF_STATES, NOW, ROWS } from './watch-samples.ts';

const plain = makeStyle(false);

function drawn(
  columns: number,
  rows: number,
  selection: Partial<WatchSelection> = {},
  model: WatchModel = MODEL,
) {
  const size = { columns, rows, style: plain };
  return screenLines(model, { ...START_SELECTION, ...selection }, size);
}

const SCREENS: Record<number, readonly (readonly string[])[]> = {
  80: [
    drawn(80, 24, { selected: '26-01-08-add-jwt-auth' }),
    drawn(80, 24, {
      selected: '26-01-07-limits',
      notice: '26-01-07-limits is running and is being stopped.',
    }),
    drawn(80, 24, { isHelp: true }),
    drawn(80, 24, { filter: 'boats', isTyping: true }),
    drawn(80, 24, { filter: 'boats', selected: '26-01-05-boats' }),
  ],
  200: [
    drawn(200, 36, { selected: '26-01-08-add-jwt-auth' }),
    drawn(200, 60, { showsStopped: true }, MODEL_OF_STATES),
  ],
};

test.each([80, 200])('the screens of %i columns match their golden file', async (columns) => {
  const texts = (SCREENS[columns] ?? []).map((lines) => lines.map((line) => line.trimEnd()).join('\n'));
  const text = texts.join(`\n${'='.repeat(columns)}\n`);
  await expect(`${text}\n`).toMatchFileSnapshot(`../../../../golden/watch/${columns}-columns.txt`);
});

test('where sessions are of several projects, each row names its own at 80 columns too', () => {
  const rows = drawn(80, 24).filter((line) => /[▰▱]{8}/.test(line));
  expect(rows).not.toEqual([]);
  for (const row of rows) expect(row).toMatch(/ (?:harbour|fleet) +[▰▱]/);
});

test('digits for the page are on the last line as long as they count, whatever else would be there', () => {
  const model = { ...MODEL, digits: '042042' };
  for (const selection of [{}, { notice: 'stopped' }, { isHelp: true }, { filter: 'b', isTyping: true }])
    expect(drawn(80, 24, selection, model).at(-1)).toMatch(/^042042 confirms the tab/);
  expect(drawn(80, 24).at(-1)).not.toContain('confirms');
});

test('the bar of a session before its first iteration is empty, and one at work without a known activity is called running', () => {
  const row = MODEL_OF_STATES.rows?.find(({ facts }) => facts.state === 'running') ?? expect.fail();
  const { activity: _, stops: __, ...facts } = row.facts;
  const line = (iteration: number) => {
    const rows = [{ ...row, facts: { ...facts, worker: 'working' as const, iteration } }];
    return drawn(200, 20, {}, { ...MODEL_OF_STATES, rows }).find((each) => /[▰▱]/.test(each));
  };
  expect(line(0)).toMatch(/ ▱{8} planning +running /);
  expect(line(1)).toMatch(/ ▰{4}▱{4} planning +running /);
});

test('the screen of every state fits the terminal at every size and selection', () => {
  const selections: Partial<WatchSelection>[] = [
    ...[{}, { isHelp: true }, { notice: '船'.repeat(300) }, { showsStopped: true }],
    ...[{ filter: '船'.repeat(300), isTyping: true }, { filter: 'no such' }, { filter: 'b' }],
    ...(MODEL_OF_STATES.rows ?? []).map(({ key }) => ({ selected: key, showsStopped: true })),
  ];
  const size = { columns: fc.integer({ min: 1, max: 260 }), rows: fc.integer({ min: 1, max: 60 }) };
  const screen = {
    ...size,
    selection: fc.constantFrom(...selections),
    model: fc.constantFrom(MODEL, MODEL_OF_STATES),
  };
  fc.assert(
    fc.property(fc.record(screen), ({ columns, rows, selection, model }) => {
      const lines = drawn(columns, rows, selection, model);
      expect(lines).toHaveLength(rows);
      expect(Math.max(...lines.map((line) => columnsOf(line)))).toBeLessThanOrEqual(columns);
    }),
    { numRuns: 300 },
  );
});

test.each(ROWS.map(({ key }) => key))(
  'the selected session %s is visible on a screen of nine rows',
  (key) => {
    const lines = drawn(80, 9, { selected: key });
    expect(lines.filter((line) => line.startsWith('▸'))).toHaveLength(1);
  },
);

test('text of a session contains no control sequences on the screen', () => {
  const evil = '\u001b[2J\u001b]0;x\u0007\u202E\u009b31m\u001b[7m';
  const rows = ROWS.map((row) => ({
    ...row,
    name: evil,
    project: evil,
    facts: {
      ...row.facts,
      task: evil,
      activity: evil,
      says: { reason: evil, summary: evil },
      next: [{ act: 'resume', session: evil } as const],
      branch: evil,
      spent: evil,
    },
  }));
  const details = {
    key: rows[0]?.key ?? '',
    commits: [{ hash: evil, subject: evil, committedAt: evil }],
    totalCommits: 1,
    tail: [evil],
  };
  const text = drawn(200, 50, {}, { rows, details, nowMs: NOW }).join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is about control characters
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
});

test('a folded group shows its size and the key that unfolds it', () => {
  expect(drawn(80, 40).join('\n')).toContain('STOPPED 1 · t shows them');
  const shown = drawn(80, 40, { showsStopped: true }).join('\n');
  expect(shown).toMatch(/STOPPED 1\s*\n {2}■ 26-01-05-boats/);
  expect(drawn(80, 40)[0]).toContain('2 waiting · 1 stopped');
});

test('a list that does not fit says how many sessions are below', () => {
  const lines = drawn(80, 14);
  const shown = lines.filter((line) => /[▰▱]/.test(line)).length;
  const open = ROWS.filter(({ group }) => group !== 'stopped').length;
  expect(lines.join('\n')).toContain(`… ${open - shown} more`);
});

test('docs/watch.md lists the same keys as the help', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../../../docs/watch.md'), 'utf8');
  const named = (key: string) => key.split(' ').map((each) => `\`${each}\``);
  const table = ALL_KEYS.map(({ key, what }) => `| ${named(key).join(' ')} | ${what} |`);
  expect(page.split('\n').filter((line) => /^\| `(?!samocode)/.test(line))).toEqual(table);
});

test('the screen says that sessions are being read, and without sessions how to start one', () => {
  expect(drawn(80, 24, {}, { rows: [], nowMs: NOW }).join('\n')).toContain('samocode start --task');
  expect(drawn(80, 24, {}, { rows: undefined, nowMs: NOW }).join('\n')).toContain('Reading');
});

test('two sessions with the same name are distinguished by their dates', () => {
  expect(ROWS.map(({ name }) => name).filter((name) => name.endsWith('boats'))).toEqual([
    '26-01-06-boats',
    '26-01-05-boats',
  ]);
});

test.each([
  ['26-01-08-add-jwt-auth', false, 'waits for some minutes'],
  ['26-01-08-🚀-rocket', true, 'works, with a stopwatch'],
  ['26-01-07-limits', false, 'has most of an hour left'],
  ['26-01-06-boats', false, 'was done days ago'],
])('a list with only %s counts seconds: %s, because it %s', (key, isCounting) => {
  const rows = ROWS.filter((row) => row.key === key);
  expect(rows).toHaveLength(1);
  expect(countsSeconds(rows, NOW)).toBe(isCounting);
  // Any session counts seconds in its first minute, and while a clock that was set back is just before it.
  const [row] = rows;
  expect(countsSeconds(rows, Date.parse(row?.facts.since ?? '') + 59_000)).toBe(true);
  expect(countsSeconds(rows, Date.parse(row?.facts.since ?? '') - 59_000)).toBe(true);
});

test('the last minute of a limit is counted in seconds', () => {
  const [row] = ROWS.filter(({ key }) => key === '26-01-07-limits');
  expect(countsSeconds(row ? [row] : [], Date.parse(row?.facts.until ?? '') - 59_000)).toBe(true);
});
