import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatConfig, type ShownSetting } from '../../../../src/core/acts/set-up/set-up.command.ts';
import type { SessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import { ok } from '../../../../src/core/caller/refusals/check.ts';
import { columnsOf } from '../../../../src/core/faces/terminal/columns.ts';
import { formatMarkdown } from '../../../../src/core/faces/terminal/markdown.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { formatList, formatStatus } from '../../../../src/core/faces/terminal/session-words.ts';
import { makeStyle } from '../../../../src/core/faces/terminal/style.ts';
import { shortId } from '../../../../src/core/session/layout/names.ts';
import { NO_CHECK } from '../../../../src/core/session/proof/proof-limits.ts';
import { checkedProviders } from '../../../../src/extensions/setup/doctor/cli-checks.ts';
import { checkLines, verdict } from '../../../../src/extensions/setup/doctor/doctor.command.ts';
import type { DoctorGroup } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { PLAN } from '../../../core/unit/faces/terminal/plan-sample.ts';
import { FACTS_OF_STATES } from '../../../extensions/pages/unit/watch/watch-samples.ts';
import { STATES_NOW } from '../../../support/session-states.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');

function terminal(columns: number): Output {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
  return new Output({ stdout, stderr: stdout, colourful: false, json: false });
}

function facts(name: string, more: Partial<SessionFacts>): SessionFacts {
  const session = `26-01-02-${name}`;
  return {
    session,
    id: shortId(session),
    state: 'running',
    phase: 'implementation',
    iteration: 12,
    phaseIteration: 3,
    since: '2026-01-02T02:00:00Z',
    needsHuman: false,
    worker: 'none needed',
    sessionDir: `/sessions/${session}`,
    runDir: `/run/${session}`,
    summary: `${session} is running.`,
    cursor: '7',
    isDying: false,
    next: [{ act: 'read_status', session }],
    ...more,
  };
}

const WAITS = { state: 'waiting', needsHuman: true } as const;
const SESSIONS = [
  facts('refactor-the-checkout-flow-number-3-so', { ...WAITS, for: 'plan_approval', phase: 'planning' }),
  facts('日本語のreadmeを書き直してください', { ...WAITS, for: 'qa_answers', phase: 'requirements' }),
  facts('boat', { project: '/home/me/harbour' }),
  facts('🚀-👩‍👩‍👧‍👦-emoji', { state: 'blocked', needsHuman: true, worker: 'gone' }),
  facts('إضافة-أمر-إلى-الأداة', { state: 'done', phase: 'done', says: { summary: 'It is done.' } }),
  facts('new-repository', { state: 'done', phase: 'done', checks: NO_CHECK }),
  facts('limited', {
    state: 'limited',
    until: '2026-01-02T05:00:00.000Z',
    since: '2025-12-30T00:00:00Z',
  }),
];

const inFile = (key: string, line: number) => ({ kind: 'project_file', path: '/p', key, line }) as const;

const SETTINGS: ShownSetting[] = [
  { key: 'MAIN_REPO', value: '/home/me/harbour', source: inFile('MAIN_REPO', 1) },
  {
    key: 'CHECK',
    value: 'npm run test -- --reporter=dot 試験 🚀 && npm run lint && npm run build',
    source: inFile('CHECK', 12),
  },
  { key: 'MODEL', value: 'opus', source: { kind: 'environment', name: 'CLAUDE_MODEL' } },
  { key: 'TELEGRAM_BOT_TOKEN', source: { kind: 'unset' } },
  {
    key: 'TIMEOUT',
    value: 'soon',
    source: { kind: 'default' },
    problem: 'TIMEOUT must be a number of seconds, from 1 to 86400.',
  },
];

const INSTALLED = 'samocode is in Claude Code, Codex';
const GROUPS: DoctorGroup[] = [
  {
    title: 'Machine',
    checks: [
      { id: 'machine.node', level: 'ok', found: 'Node.js v20.19.0', brief: 'Node.js v20.19.0' },
      { id: 'git', level: 'ok', found: 'git version 2.47.0', brief: 'git version 2.47.0' },
    ],
  },
  {
    title: 'Claude Code',
    checks: [
      {
        id: 'cli.claude',
        level: 'fail',
        found:
          'The program "claude" was not found. It is in none of 14 folders, which include those of PATH.',
        details: 'It is in none of these folders: /usr/bin, /bin.',
        fix: 'Install it (npm install -g @anthropic-ai/claude-code), or set CLAUDE_PATH to its absolute path.',
      },
    ],
  },
  {
    title: 'Codex',
    checks: [
      { id: 'cli.codex', level: 'ok', found: '/bin/codex (PATH), codex-cli 0.169.0', brief: '0.169.0' },
      {
        id: 'cli.codex.login',
        level: 'warn',
        found: 'It reports that you are not logged in: 日本語 🚀.',
        fix: 'Run `codex login`.',
      },
    ],
  },
  {
    title: 'Other CLIs',
    checks: [
      { id: 'cli.gemini', level: 'ok', found: '/bin/gemini (PATH), 0.61.0', brief: 'Gemini CLI 0.61.0' },
      { id: 'cli.goose', level: 'ok', found: 'Goose is not installed', isAbsent: true },
    ],
  },
  { title: 'Chat programs', checks: [ok('install', INSTALLED, INSTALLED)] },
  { title: 'Notifications', checks: [] },
];
const TITLES = GROUPS.map(({ title }) => title);
const CHECKS = GROUPS.flatMap(({ title: group, checks }) => checks.map((check) => ({ group, ...check })));

function groupsIn(output: Output, verbose = false): string {
  return GROUPS.flatMap((group) => checkLines(group, output, { verbose, titles: TITLES })).join('\n');
}

function doctorScreen(columns: number): string {
  const output = terminal(columns);
  const end = verdict({ checks: CHECKS, level: 'fail' }, output);
  return [groupsIn(output), end].join('\n');
}

/** The states whose status has lines that no other one has. */
const TELLING = [
  ...['stalled', 'in-a-crash-loop', 'waiting-for-many-answers', 'blocked', 'done', 'pull-request-asks'],
  ...['pull-request-not-seen', 'pull-request-merged', 'pull-request-closed'],
];

function statusOf(all: readonly SessionFacts[], columns: number): string {
  const place = { output: terminal(columns), cwd: '/home/me/harbour', home: '/home/me' };
  return all
    .map((facts) => formatStatus({ ...facts, runDir: '/run/boat' }, place, { nowMs: STATES_NOW }))
    .join('\n\n');
}

const SCREENS: Record<string, (columns: number) => string> = {
  doctor: doctorScreen,
  list: (columns) => formatList(SESSIONS, terminal(columns), { nowMs: NOW }),
  config: (columns) =>
    formatConfig(
      { filePath: '/home/me/harbour/.samocode', settings: SETTINGS, notes: [], isWhole: true },
      terminal(columns),
    ),
  plan: (columns) => formatMarkdown(PLAN, { style: makeStyle(true), columns }),
  'list of every state': (columns) =>
    formatList(FACTS_OF_STATES, terminal(columns), { nowMs: STATES_NOW, isWhole: true }),
  'status of every state': (columns) => statusOf(FACTS_OF_STATES, columns),
  'status of telling states': (columns) =>
    statusOf(
      FACTS_OF_STATES.filter(({ session }) => TELLING.includes(session.slice('26-01-08-'.length))),
      columns,
    ),
};

test('the settings at a terminal are those that are set or wrong, and how many others there are', () => {
  const given = { filePath: '/home/me/harbour/.samocode', settings: SETTINGS, notes: [], isWhole: false };
  const text = stripVTControlCharacters(formatConfig(given, terminal(100)));
  const isDefault = ({ source, problem }: ShownSetting) =>
    problem === undefined && ['default', 'unset'].includes(source.kind);
  for (const setting of SETTINGS)
    expect(text.includes(`\n${setting.key} `), setting.key).toBe(!isDefault(setting));
  const count = SETTINGS.filter(isDefault).length;
  expect(text).toContain(`${count} others have their defaults: samocode config --all`);
});

const rowsOf = (name: string, columns: number) =>
  stripVTControlCharacters(SCREENS[name]?.(columns) ?? '').split('\n');

test.each(Object.keys(SCREENS))('no row of the %s is wider than the terminal, however wide it is', (name) => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 260 }), (columns) => {
      const widths = rowsOf(name, columns).map((row) => columnsOf(row));
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }),
  );
});

test.each([
  [80, ['doctor', 'list', 'config', 'plan', 'status of telling states']],
  [200, ['doctor', 'list', 'config', 'plan', 'list of every state']],
])('the screens of %i columns match their golden file', async (columns, names) => {
  const text = names.map((name) => rowsOf(name, columns).join('\n')).join(`\n${'='.repeat(columns)}\n`);
  await expect(`${text}\n`).toMatchFileSnapshot(`../../../golden/terminal/${columns}-columns.txt`);
});

test('the text of every agent CLI begins two columns after the longest title', () => {
  const titles = checkedProviders().map(({ title }) => title);
  const begins = titles.map((title) => {
    const group = { title, checks: [{ id: 'x', level: 'ok', found: 'it', brief: 'version' } as const] };
    const [line = ''] = checkLines(group, terminal(120), { verbose: false, titles });
    expect(line).toMatch(new RegExp(`^✔ ${title} {2,}version$`));
    return line.indexOf('version');
  });
  expect(new Set(begins)).toEqual(
    new Set([Math.max(...titles.map((each) => columnsOf(each))) + '✔ '.length + 2]),
  );
});

test('if another agent can work, the verdict names it and how to choose it', () => {
  const others = {
    failing: 'Claude Code',
    can: [
      { name: 'opencode', title: 'opencode' },
      { name: 'copilot', title: 'GitHub Copilot CLI' },
    ],
  } as const;
  const words = verdict({ checks: CHECKS, level: 'fail', others }, terminal(200));
  expect(words).toContain(
    'Claude Code cannot work yet: 1 problem; opencode and GitHub Copilot CLI can: PROVIDER=opencode. Next: fix what',
  );
  expect(words).not.toContain('No session');
});

test('passed checks and the searched folders are shown only on request', () => {
  expect(groupsIn(terminal(120))).not.toContain('/bin');
  const whole = groupsIn(terminal(120), true);
  expect(whole).toContain('/usr/bin, /bin');
  expect(whole).toContain('/bin/codex (PATH)');
});

test('no fault is shown twice', () => {
  const screen = doctorScreen(200);
  for (const { level, found } of CHECKS) if (level !== 'ok') expect(screen.split(found)).toHaveLength(2);
});

test('through a pipe each check is a line, ok only if it was looked at and works, and the end names the word that its lines begin with', () => {
  const stream = new PassThrough();
  const output = new Output({ stdout: stream, stderr: stream, colourful: false, json: false });
  const lines = groupsIn(output).split('\n');
  expect(lines.map((line) => line.split('\t').slice(0, 2).join(' '))).toEqual(
    CHECKS.map(({ level, id, isAbsent }) => `${isAbsent ? 'unused' : level} ${id}`),
  );
  expect(verdict({ checks: CHECKS, level: 'fail' }, output)).toContain('what is marked fail');
});

test.each([
  ['ok', undefined, 'Sessions can run on this machine. Next, in a repository: samocode run'],
  ['ok', '/home/me/.samocode', 'Sessions can run here. Next: samocode run'],
  ['warn', '/home/me/.samocode', 'Sessions can run here, with 1 warning. Next: samocode run'],
  ['fail', undefined, 'No session can run on this machine yet: 1 problem. Next: fix what is marked ✘, then'],
] as const)('the last line of a doctor that found %s in %s is the verdict and the next step', (...given) => {
  const [level, projectFile, words] = given;
  expect(verdict({ checks: CHECKS, level, projectFile }, terminal(200))).toContain(words);
});
