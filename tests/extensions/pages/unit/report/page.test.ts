import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compact, grouped, money } from '../../../../../src/extensions/pages/html/figures.ts';
import { markdown } from '../../../../../src/extensions/pages/html/markdown.ts';
import type { SessionReportData } from '../../../../../src/extensions/pages/html/report-data.ts';
import { phaseBar, sessionHead } from '../../../../../src/extensions/pages/html/session-parts.ts';
import { sessionPage } from '../../../../../src/extensions/pages/report/page.ts';
import { addressesIn } from './page-skeleton.ts';
import { reportDataSample } from './report-data-sample.ts';

const page = sessionPage(reportDataSample());

test('a page allows only its own script and style by hash, and embedded pictures', () => {
  const hash = (tag: string) => {
    const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? '';
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  };
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1];
  expect(policy?.split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${hash('script')}`,
    `style-src ${hash('style')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test('a page links only to its own parts', () => {
  const outside = addressesIn(page).filter((address) => !/^#|^data:image\/png;base64,/.test(address));
  expect(outside).toEqual([]);
});

test('what is left out of a diff, and of the files that the plan does not name, is counted', () => {
  expect(page).toContain('… and 7 more files. The diff is truncated here.');
  const shown = (count: number) =>
    sessionPage({
      ...reportDataSample(),
      outsidePlan: Array.from({ length: count }, (_, at) => `${at}.txt`),
    });
  expect(shown(99)).toContain('99</b> changed files');
  expect(shown(100)).toContain('100</b> or more changed files');
});

test('every link within the page has its target', () => {
  const places = addressesIn(page).filter((address) => /^#(?!\/)/.test(address));
  expect(places.length).toBeGreaterThan(8);
  for (const place of places) expect(page).toContain(`id="${place.slice(1)}"`);
});

test.each([
  ['done', { how: 'yes', words: '2 checks on a fresh clone' }, 'yes', '2 checks on a fresh clone'],
  ['done', { how: 'partly', words: 'red before, red after' }, 'partly', 'red before, red after'],
  ['done', { how: 'no', words: 'no checks are set' }, 'no', 'no checks are set'],
] as const)('the head of a %s session with the proof %o shows: %s', (tone, proved, words, why) => {
  const badge = { text: tone, tone };
  const text = sessionPage({ ...reportDataSample(), badge, proved }).replace(/<b class="\w+">|<\/b>/g, '');
  expect(text).toContain(`<dt>Proof</dt><dd dir="auto">${words}, ${why}</dd>`);
});

test('a short task is the title; a longer one opens below the title', () => {
  const head = (task: string, title: string) => sessionHead({ ...reportDataSample(), task, title }).text;
  expect(head('Name the boats', 'Name the boats')).toMatch(/<h1 [^>]*>Name the boats<\/h1>/);
  expect(head('Name the boats', 'Name the boats')).not.toContain('<details');
  const task = 'Name the boats.\n\nShow them.\nOn the list.\nAnd print it.';
  const long = head(task, 'Name the boats.');
  expect(long).toContain(`<summary>The whole task</summary><p class="plain" dir="auto">${task}</p>`);
  expect(head('x '.repeat(200), 'x '.repeat(200))).toMatch(/<h1 [^>]*>[x ]{100,120}…?<\/h1>/);
});

test.each([
  ['implementation', 'resting', 0, 'not begun', '', 'rest'],
  ['implementation', 'resting', 1, 'in implementation', 'implementation', 'past'],
  ['implementation', 'done', 9, 'in done', 'done', 'past'],
] as const)(
  'the bar of the phase %s, %s after %i iterations, says: %s',
  (phase, tone, count, label, now, first) => {
    const bar = phaseBar({ phase, tone, iterationCount: count }).text;
    expect(bar).toContain(`aria-label="${label}"`);
    expect(/<li class="now[^>]*><span>(\w+)/.exec(bar)?.[1] ?? '').toBe(now);
    expect(/<li class="(\w+)/.exec(bar)?.[1]).toBe(first);
  },
);

test('the output of a check is closed if it passed and open if it failed, and is called its end', () => {
  const run = { command: 'npm test', durationMs: 5000, isSetup: false };
  const [checks] = reportDataSample().checks as [SessionReportData['checks'][number]];
  const runs = [
    { ...run, tail: '# pass 3' },
    { ...run, how: 'exit status 1', tail: '# fail 1' },
  ];
  const written = sessionPage({ ...reportDataSample(), checks: [{ ...checks, runs }] });
  expect(written).toContain(
    '<details class="run"><summary><code dir="ltr">npm test</code> <span class="note">passed · 5\u00a0s</span></summary><p class="note">The last lines of its output:</p><pre dir="ltr" tabindex="0"># pass 3</pre>',
  );
  expect(written).toContain('<details class="run failed" open><summary>');
  expect(written).toContain('failed (exit status 1) · 5\u00a0s');
});

test('a session that has just started has a page', () => {
  const { questions: _, plan: __, proof: ___, spent: ____, ...rest } = reportDataSample();
  const bare = { iterations: [], gaps: [], questions: [], requirements: [], checks: [] };
  const none = { outsidePlan: [], pictures: [], documents: [], acts: [], cost: {}, spent: undefined };
  const written = sessionPage({ ...rest, ...bare, ...none });
  expect(written).not.toContain('<section');
  expect(written).toContain('not reported');
});

test('bars lie on the timeline in proportion to the times of their agents, without the checks after them', () => {
  const bars = [...page.matchAll(/<rect class="(bar|bar bad|wait)" x="([\d.]+)" width="([\d.]+)"/g)];
  expect(bars.map(([, kind, x, width]) => [kind, Number(x), Number(width)])).toEqual([
    ['bar', 0, 16.7],
    ['bar bad', 83.3, 16.7],
    ['wait', 66.7, 16.7],
  ]);
});

test('a moment outside of a session, after the clock was set back, is shown at its end', () => {
  const [first, second, ...rest] = reportDataSample().iterations;
  const late = { ...second, startedAt: '2026-01-09T00:00:00.000Z', endedAt: '2026-01-08T00:00:00.000Z' };
  const iterations = [first, late, ...rest] as SessionReportData['iterations'];
  expect(sessionPage({ ...reportDataSample(), iterations })).toContain(
    '<rect class="bar bad" x="998.0" width="2.0"',
  );
});

test('the cost is drawn only if an agent reported one', () => {
  const { iterations, ...sample } = reportDataSample();
  const free = iterations.map((each) => ({ ...each, cost: {} }));
  expect(page).toContain('<b>cost</b> <span>$1.25</span>');
  expect(sessionPage({ ...sample, iterations: free })).not.toContain('<b>cost</b>');
});

test.each([
  [9, /^\d\d:\d\d:\d\d$/],
  [11, /^\d\d-\d\d \d\d:\d\d$/],
])('a timeline of %i minutes is labelled like %s', (minutes, label) => {
  const sample = reportDataSample();
  const until = new Date(Date.parse(sample.startedAt) + minutes * 60_000).toISOString();
  const [, axis = ''] = /<div class="ticks">(.*?)<\/div>/.exec(sessionPage({ ...sample, until })) ?? [];
  const labels = [...axis.matchAll(/>([^<]+)<\/time>/g)].map(([, text]) => text);
  expect(labels).toHaveLength(5);
  for (const text of labels) expect(text).toMatch(label);
  expect(new Set(labels).size).toBe(5);
});

test('the labels of a timeline of a few seconds do not repeat', () => {
  const sample = reportDataSample();
  const until = new Date(Date.parse(sample.startedAt) + 2000).toISOString();
  const [, axis = ''] = /<div class="ticks">(.*?)<\/div>/.exec(sessionPage({ ...sample, until })) ?? [];
  expect([...axis.matchAll(/>([^<]+)<\/time>/g)].map(([, text]) => text)).toEqual([
    expect.stringMatching(/:00$/),
    expect.stringMatching(/:01$/),
    expect.stringMatching(/:02$/),
  ]);
});

test('a page says in which time zone its times are', () => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  expect(page).toContain(`Times are in ${timeZone}.`);
});

test('numbers are formatted in a short form, or in groups of three digits', () => {
  expect([grouped(999), grouped(1234), grouped('1234567 of 20000 tokens, $1.20')]).toEqual([
    '999',
    '1234',
    '1\u202f234\u202f567 of 20\u202f000 tokens, $1.20',
  ]);
  expect([0, 999, 1000, 12_345, 999_949, 999_950, 123_400_000].map(compact)).toEqual([
    ...['0', '999', '1.0 k', '12.3 k', '1000 k', '1.0 M', '123 M'],
  ]);
  expect([money({}), money({ usd: 0 }), money({ usd: 1.005, usdIsEstimate: true })]).toEqual([
    undefined,
    '$0.00',
    'about $1.00',
  ]);
});

test('a plan is shown with its ticks, code and table', () => {
  const written = markdown(
    '## Phase 1\n- [x] read `a.csv`\n- [ ] show\n\n| a | b |\n| - | - |\n| 1 | **2** |\n',
  ).text;
  expect(written).toContain(
    '<b class="tick on" title="done">✓</b><div>read <code dir="ltr">a.csv</code></div>',
  );
  expect(written).toContain('<b class="tick" title="open">○</b><div>show</div>');
  expect(written).toContain('<td dir="auto"><strong>2</strong></td>');
});
