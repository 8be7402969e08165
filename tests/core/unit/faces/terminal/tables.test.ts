import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { SessionFacts } from '../../../../../src/core/caller/facts/session-facts.ts';
import { columnsOf, table } from '../../../../../src/core/faces/terminal/columns.ts';
import { Output } from '../../../../../src/core/faces/terminal/output.ts';
import { formatList, formatStatus } from '../../../../../src/core/faces/terminal/session-words.ts';
import { handleOf, shortId } from '../../../../../src/core/session/layout/names.ts';
import {
  type SupervisorFacts,
  supervisorText,
} from '../../../../../src/extensions/setup/service/supervisor.command.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const WIDTHS = [60, 80, 120, 200];
const NAMES = [
  'boat',
  '船に降ろすコマンドを追加する',
  'replace-the-authentication-layer-of-the-public-api',
  '🚀-🚀',
  'إضافة-أمر',
];

function terminal(columns: number): Output {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
  return new Output({ stdout, stderr: stdout, colourful: true, json: false });
}

const placed = (output: Output) => ({ output, cwd: '/home/me/harbour', home: '/home/me' });

const SESSIONS = NAMES.map(
  (name): SessionFacts => ({
    session: `26-01-02-${name}`,
    id: shortId(`26-01-02-${name}`),
    state: 'waiting',
    for: 'plan_approval',
    phase: 'implementation',
    iteration: 12,
    phaseIteration: 3,
    since: '2026-01-01T00:00:00Z',
    needsHuman: true,
    worker: 'none needed',
    task: `あ${'長い説明'.repeat(60)}`,
    says: { reason: 'it waits '.repeat(40) },
    sessionDir: '/sessions/boat',
    runDir: '/run/boat',
    summary: `26-01-02-${name} waits for the approval of its plan.`,
    cursor: '7',
    isDying: false,
    next: [{ act: 'decide_plan', session: `26-01-02-${name}` }],
  }),
);

/** The lines of a text that are wider than the terminal. */
const tooWide = (text: string, columns: number) =>
  text.split('\n').filter((line) => columnsOf(line) > columns);

test.each(WIDTHS)(
  'a list has one line of at most %i columns for each session, whatever the names',
  (columns) => {
    const text = formatList(SESSIONS, terminal(columns), { nowMs: NOW });
    expect(tooWide(text, columns)).toEqual([]);
    expect(text.split('\n\n')[0]?.split('\n')).toHaveLength(NAMES.length);
    for (const { id } of SESSIONS) expect(text).toContain(id);
  },
);

test('the phases in a list are aligned, even after wide letters', () => {
  for (const columns of WIDTHS) {
    const lines = formatList(SESSIONS, terminal(columns), { nowMs: NOW }).split('\n\n')[0]?.split('\n') ?? [];
    const starts = lines.map((line) => columnsOf(line.slice(0, line.indexOf('impl'))));
    expect(new Set(starts).size).toBe(1);
  }
});

test('in a pipe a list has a line of complete fields for each session, separated by tabs and without colour', () => {
  const stdout = new PassThrough();
  const pipe = new Output({ stdout, stderr: stdout, colourful: false, json: false });
  const lines = formatList(SESSIONS, pipe, { nowMs: NOW }).split('\n');
  expect(lines.map((line) => line.split('\t'))).toEqual(
    SESSIONS.map(({ session, id, since }) => [
      ...[session, id, 'waiting', 'needs you', 'implementation', since, 'waits for approval', ''],
    ]),
  );
});

const [SAMPLE] = SESSIONS;
const OVER = Array.from({ length: 25 }, (_, at): SessionFacts => {
  const session = `26-01-02-over-${at}`;
  const state = at % 2 === 0 ? 'done' : 'stopped';
  return { ...(SAMPLE as SessionFacts), session, id: shortId(session), state, needsHuman: false };
});

test('on a 24-line terminal finished sessions do not push those that need a person off the screen', () => {
  const text = formatList([...SESSIONS, ...OVER], terminal(80), { nowMs: NOW });
  expect(text.split('\n').length).toBeLessThan(24);
  expect(text).toContain('over-9');
  expect(text).not.toContain('over-10');
  expect(text).toContain('… 15 more: samocode list --state done, or --state stopped');
  const [, foot = ''] = text.split('\n\n');
  for (const { session } of SESSIONS) expect(foot).toContain(`samocode plan ${handleOf(session)}`);
});

test('a list of one state and a list in a pipe show every session', () => {
  const stream = new PassThrough();
  const pipe = new Output({ stdout: stream, stderr: stream, colourful: false, json: false });
  expect(formatList(OVER, pipe, { nowMs: NOW }).split('\n')).toHaveLength(OVER.length);
  const whole = formatList(OVER, terminal(80), { nowMs: NOW, isWhole: true });
  expect(whole.split('\n')).toHaveLength(OVER.length);
});

test('an empty list says how to start a session', () => {
  expect(formatList([], terminal(80), { nowMs: NOW })).toContain('samocode start --task');
});

test.each(WIDTHS)('a status fits %i columns', (columns) => {
  const texts = SESSIONS.map((facts) => formatStatus(facts, placed(terminal(columns)), { nowMs: NOW }));
  expect(texts.flatMap((text) => tooWide(text, columns))).toEqual([]);
});

test('the duration of a state follows its name, before newer facts', () => {
  const [facts] = SESSIONS;
  const merged = {
    ...(facts as SessionFacts),
    state: 'done',
    merge: { into: 'main', outcome: 'merged' },
  } as const;
  const [head] = formatStatus({ ...merged, since: '2026-01-02T02:53:05Z' }, placed(terminal(80)), {
    nowMs: NOW,
  }).split('\n');
  expect(head).toContain('done for 11 min 00 s, merged');
});

test('a command is never wrapped, because it is copied', () => {
  const note = 'the-harbour-is-closed-until-the-storm-has-passed-and-every-boat-is-back';
  const [facts] = SESSIONS;
  const step = { act: 'resume', session: '26-01-02-boat', args: { note } } as const;
  const text = formatStatus({ ...(facts as SessionFacts), next: [step] }, placed(terminal(80)), {
    nowMs: NOW,
  });
  expect(text).toContain(`samocode resume boat --note ${note}`);
});

test.each([
  ['/home/me/harbour/_samocode/worktrees/boat', '_samocode/worktrees/boat'],
  ['/home/me/worktrees/boat', '~/worktrees/boat'],
  ['/home/me/harbour', '~/harbour'],
  ['/srv/worktrees/boat', '/srv/worktrees/boat'],
  ['/home/mel/boat', '/home/mel/boat'],
])('in ~/harbour a terminal shows the path %s as %s, and a pipe shows it in full', (worktree, short) => {
  const [facts] = SESSIONS;
  const stream = new PassThrough();
  const pipe = new Output({ stdout: stream, stderr: stream, colourful: false, json: false });
  const rowIn = (output: Output) =>
    formatStatus({ ...(facts as SessionFacts), worktree }, placed(output), { nowMs: NOW })
      .split('\n')
      .find((line) => line.includes('worktree'));
  expect(rowIn(terminal(80))).toMatch(new RegExp(` ${short}$`));
  expect(rowIn(pipe)).toMatch(new RegExp(` ${worktree}$`));
});

/** A supervisor that a service manager is starting, and that watches nothing. */
const STARTING: SupervisorFacts = {
  ...{
    running: true,
    pid: undefined,
    suspended: undefined,
    stays: undefined,
    since: undefined,
    version: undefined,
    program: undefined,
  },
  ...{ off: undefined, unwritable: undefined, service: undefined, maxUsdPerDay: undefined },
  ...{
    folder: '/config/supervisor',
    stateRoot: '/state',
    problems: [],
    channels: [],
    sessionsDirs: [],
    sessions: [],
  },
};

test.each(WIDTHS)("the supervisor's list fits %i columns", (columns) => {
  const facts: SupervisorFacts = {
    ...STARTING,
    spentTodayUsd: 0,
    problems: ['the disk is full '.repeat(12)],
    channels: [
      {
        channel: 'webhook',
        since: '2026-01-08T10:00:00.000Z',
        why: 'The server answered 500.',
      },
    ],
    sessionsDirs: ['/sessions'],
    sessions: SESSIONS.map(({ session, state, since }) => ({
      ...{ session, state, since, sessionsDir: '/sessions', waitsFor: 'person', needsHuman: true },
      words: 'waits for approval of its plan, which it has changed twice',
    })),
  };
  expect(tooWide(supervisorText(facts, terminal(columns), NOW), columns)).toEqual([]);
});

test('an unknown cost of a day is shown as unknown, never as zero', () => {
  const spentTodayUnknown = '/config/supervisor/spent cannot be written (EACCES)';
  const facts: SupervisorFacts = { ...STARTING, spentTodayUnknown, maxUsdPerDay: 20 };
  const text = supervisorText(facts, terminal(200), NOW);
  expect(text).toContain('not known today of $20.00: /config/supervisor/spent cannot be written (EACCES)');
  expect(text).not.toContain('$0.00');
});

test('in a pipe each row is one line, however long', () => {
  const rows = [['a'.repeat(100), 'b '.repeat(100)]] as const;
  expect(table(rows, { columns: Number.POSITIVE_INFINITY })).toHaveLength(1);
});
