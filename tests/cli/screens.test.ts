import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { configWords, type ShownSetting } from '../../src/acts/set-up/set-up.command.ts';
import { columnsOf } from '../../src/kit/terminal/columns.ts';
import { Output } from '../../src/kit/terminal/output.ts';
import type { ShownFacts } from '../../src/kit/terminal/session-facts.ts';
import { listWords } from '../../src/kit/terminal/session-words.ts';
import { checkWords, doctorEnd } from '../../src/machine/doctor/doctor.command.ts';
import type { DoctorReport } from '../../src/machine/doctor/doctor.ts';
import { handleOf, shortId } from '../../src/session/layout/names.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const GOLDEN = '../golden/terminal';

function terminal(columns: number): Output {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
  return new Output({ stdout, stderr: stdout, colourful: false, json: false });
}

function facts(name: string, more: Partial<ShownFacts>): ShownFacts {
  const session = `26-01-02-${name}`;
  return {
    session,
    id: shortId(session),
    state: 'running',
    phase: 'implementation',
    iteration: 3,
    totalIterations: 12,
    since: '2026-01-02T02:00:00Z',
    needsHuman: false,
    worker: 'none needed',
    sessionDir: `/sessions/${session}`,
    next: `samocode status ${handleOf(session)}`,
    nextCommands: [`samocode status ${handleOf(session)}`],
    ...more,
  };
}

const WAITS = { state: 'waiting', needsHuman: true } as const;
const SESSIONS = [
  facts('refactor-the-checkout-flow-number-3-so', { ...WAITS, for: 'plan_approval', phase: 'planning' }),
  facts('日本語のreadmeを書き直してください', { ...WAITS, for: 'qa_answers', phase: 'requirements' }),
  facts('boat', { project: '/home/me/harbour' }),
  facts('🚀-👩‍👩‍👧‍👦-emoji', { state: 'blocked', needsHuman: true, worker: 'gone' }),
  facts('إضافة-أمر-إلى-الأداة', { state: 'done', phase: 'done', summary: 'It is done.' }),
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

const CHECKS: DoctorReport['checks'] = [
  { id: 'machine.node', level: 'ok', found: 'Node.js v20.19.0' },
  {
    id: 'cli.claude',
    level: 'fail',
    found: 'The program "claude" was not found. It is in none of 14 folders, those of PATH among them.',
    details: 'It is in none of these folders: /usr/bin, /bin.',
    fix: 'Install it, or set CLAUDE_PATH to its absolute path. (npm install -g @anthropic-ai/claude-code)',
  },
  {
    id: 'notify.telegram.conversation',
    level: 'warn',
    found: 'It has written to nobody yet: 日本語 🚀.',
    fix: 'Write to it.',
  },
];

function doctorScreen(columns: number): string {
  const output = terminal(columns);
  const how = { verbose: false };
  const lines = CHECKS.map((check) => checkWords(check, output, how));
  return [...lines, doctorEnd({ checks: CHECKS, level: 'fail' }, output, how)].join('\n');
}

const SCREENS: Record<string, (columns: number) => string> = {
  doctor: doctorScreen,
  list: (columns) => listWords(SESSIONS, terminal(columns), { nowMs: NOW }),
  config: (columns) =>
    configWords({ filePath: '/home/me/harbour/.samocode', settings: SETTINGS, notes: [] }, terminal(columns)),
};

test.each(
  Object.keys(SCREENS).flatMap((name) => [60, 80, 120, 200].map((columns) => [name, columns] as const)),
)('%s on %i columns equals its golden file, and no row is wider', async (name, columns) => {
  const text = stripVTControlCharacters(SCREENS[name]?.(columns) ?? '');
  for (const line of text.split('\n\n')[0]?.split('\n') ?? [])
    expect(columnsOf(line)).toBeLessThanOrEqual(columns);
  await expect(`${text}\n`).toMatchFileSnapshot(`${GOLDEN}/${name}-${columns}.txt`);
});

test('the searched folders of a program are shown only on request', () => {
  const shown = (verbose: boolean) =>
    CHECKS.map((check) => checkWords(check, terminal(120), { verbose })).join('\n');
  expect(shown(false)).not.toContain('/usr/bin');
  expect(shown(true)).toContain('/usr/bin, /bin');
});

test('through a pipe, the end of doctor names the word that its lines begin with', () => {
  const stream = new PassThrough();
  const output = new Output({ stdout: stream, stderr: stream, colourful: false, json: false });
  const report = { checks: CHECKS, level: 'fail' } as const;
  const lines = CHECKS.map((check) => checkWords(check, output, { verbose: false }));
  expect(lines[1]).toMatch(/^fail\t/);
  expect(doctorEnd(report, output, { verbose: false })).toContain('marked with "fail"');
});
