import { statSync } from 'node:fs';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRunFolder } from '../../../../../src/core/acts/sessions/begin-session.ts';
import { startTime } from '../../../../../src/core/acts/sessions/order-of-start.ts';
import {
  givenTitle,
  readGivenPlan,
  resolveWork,
} from '../../../../../src/core/acts/sessions/resolve-work.ts';
import { startInput } from '../../../../../src/core/acts/sessions/start/start-choices.ts';
import { type NewWork, type WorkRequest, workOf } from '../../../../../src/core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { fingerprint } from '../../../../../src/core/kernel/files/fingerprint.ts';
import type { Project } from '../../../../../src/core/project/finding/open-project.ts';
import { givenTask } from '../../../../../src/core/session/documents/given-plan.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const TASK = { kind: 'task', task: 'Name the boats', dive: undefined };

test.each([
  ['a task', { task: ' Name the boats\n' }, TASK],
  ['a topic', { dive: 'How do boats float?' }, { kind: 'dive', dive: 'How do boats float?' }],
  ['a task and a topic', { task: 'Name', dive: 'Why?' }, { kind: 'task', task: 'Name', dive: 'Why?' }],
  ['a plan', { plan: 'plan.md', task: ' ' }, { kind: 'plan', plan: 'plan.md' }],
  ['a plan with words', { plan: 'p.md', task: 'x' }, { kind: 'plan', plan: 'p.md', task: 'x' }],
  ['an issue', { issue: '#7' }, { kind: 'issue', issue: '#7' }],
  ['an issue with words', { issue: '7', ...TASK }, { kind: 'issue', issue: '7', with: TASK }],
  [
    'an issue with a plan',
    { issue: '7', plan: 'p.md', task: 'x' },
    { kind: 'issue', issue: '7', with: { kind: 'plan', plan: 'p.md', task: 'x' } },
  ],
  [
    'a plan from which agents plan, with a topic',
    { plan: 'p.md', dive: 'x', replan: true },
    { kind: 'plan', plan: 'p.md', dive: 'x', replan: true },
  ],
  ['a plan as text', { plan: '  - [ ] a\n  - [ ] b\n' }, { kind: 'plan', plan: '  - [ ] a\n  - [ ] b\n' }],
  ['a folder', { from: 'boats', phase: '', task: '' }, { kind: 'folder', from: 'boats' }],
  ['a folder at a phase', { from: 'x', phase: 'quality' }, { kind: 'folder', from: 'x', phase: 'quality' }],
])('%s is one kind of work', (_what, { kind: _, ...chosen }: Record<string, unknown>, work) => {
  expect(startInput(chosen).work).toEqual(work);
});

test.each([
  ['nothing_to_do', { task: ' \n', dive: '' }],
  ['nothing_to_do', { name: 'boats', at: '23:00' }],
  ['plan_excludes_dive', { plan: 'p.md', dive: 'x', replan: false }],
  ['plan_excludes_dive', { fromChat: true, plan: 'p.md', dive: 'x' }],
  ['replan_missing', { task: 'x', replan: true }],
  ['from_missing', { task: 'x', phase: 'planning' }],
  ['quick_excludes', { quick: true, plan: 'plan.md' }],
  ['quick_excludes', { quick: true, task: 'x', dive: 'Why?' }],
  ['quick_excludes', { quick: true, from: 'boats' }],
  ['review_needs_quick', { review: true, task: 'x' }],
  ['text_too_long', { task: 'x'.repeat(1_000_000) }],
])('a start is refused: %s', (code, chosen) => {
  expect(() => startInput(chosen)).toThrow(expect.objectContaining({ code }));
});

test('a folder excludes other work, a name, a branch and an order, and each is named as the tool names it', () => {
  const others = { task: 'x', dive: 'x', plan: 'x', issue: 'x', name: 'x', branch: 'x' };
  const order = { after: 'x', afterMerge: 'x', at: 'x' };
  expect(() => startInput({ from: 'boats', ...others, ...order, group: 'x' })).toThrow(
    expect.objectContaining({
      code: 'from_excludes',
      why: expect.stringContaining(
        'also given task, dive, plan, issue, name, branch, after, after_merge, at.',
      ),
    }),
  );
});

test('each choice lies in its part of the input, and a blank one is as good as none', () => {
  const chosen = {
    task: 'x',
    model: 'opus',
    timeout: 5,
    group: ' fleet ',
    base: '',
    after: 'boats',
    sandbox: ' ',
  };
  expect(startInput(chosen)).toEqual({
    work: { ...TASK, task: 'x' },
    choices: { group: 'fleet', settings: { model: 'opus', timeoutSeconds: 5 } },
    order: { after: 'boats' },
  });
});

const chat = (by: object, more: object = {}) => ({ kind: 'chat', chat: by, with: undefined, ...more });
const PLAN = { kind: 'plan', plan: 'boats.md', task: undefined, dive: undefined };

test.each<[WorkRequest, object]>([
  [{ fromChat: true }, chat({ by: 'caller' })],
  [{ fromChat: true, task: TASK.task }, chat({ by: 'caller' }, { with: TASK })],
  [{ brief: 'We chose harbour names.' }, chat({ by: 'brief', text: 'We chose harbour names.' })],
  [
    { fromChat: false, brief: 'So.', dive: 'Boats' },
    chat({ by: 'brief', text: 'So.' }, { with: { kind: 'dive', dive: 'Boats' } }),
  ],
  [{ chat: '0199-ab' }, chat({ by: 'id', id: '0199-ab' })],
  [{ chat: true }, chat({ by: 'caller' })],
  [{ fromChat: false, task: TASK.task }, TASK],
  [{ fromChat: true, plan: 'boats.md' }, chat({ by: 'caller' }, { with: PLAN })],
  [{ brief: 'So.', plan: 'boats.md' }, chat({ by: 'brief', text: 'So.' }, { with: PLAN })],
])('%j is the work %j', (request, work) => {
  expect(workOf(request)).toEqual(work);
});

test.each<[WorkRequest, string, string]>([
  [{ fromChat: true, issue: '7' }, 'chat_excludes', 'issue'],
  [{ fromChat: true, brief: 'So.' }, 'chat_excludes', 'brief'],
  [{ brief: 'So.', issue: '7', plan: 'boats.md' }, 'chat_excludes', 'issue'],
  [{ chat: 'x', issue: '7' }, 'chat_excludes', 'issue'],
  [{ from: 'boats', fromChat: true, afterMerge: 'x' }, 'from_excludes', 'after_merge, from_chat'],
  [{ from: 'boats', brief: 'So.' }, 'from_excludes', 'brief'],
  [{ fromChat: false }, 'nothing_to_do', 'neither a task'],
])('%j is refused as %s, which names %s', (request, code, named) => {
  expect(() => workOf(request)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(named) }),
  );
});

test('a folder excludes a chat only where one is given', () => {
  expect(workOf({ from: 'boats', fromChat: false })).toMatchObject({ kind: 'folder', from: 'boats' });
});

const placeAt = (path: string) => ({ cwd: path, home: path, env: {} });

test.each([
  ['spec-kit-tasks', 'Boat register'],
  ['bmad-story', 'Story 1.2: Name every boat'],
  ['ralphex-plan', 'Add a cache of tide tables'],
])('%s is read unchanged, and its title names the session', async (name, title) => {
  const file = `tests/fixtures/given-plans/${name}.md`;
  const bytes = await readFile(file);
  const before = await stat(file);
  const plan = await readGivenPlan(file, placeAt(process.cwd()));
  expect(plan).toEqual({ name: `${name}.md`, hash: fingerprint(bytes), text: bytes.toString() });
  expect(givenTitle(plan)).toBe(title);
  expect(givenTask(plan)).toContain(`${name}.md`);
  expect(await readFile(file)).toEqual(bytes);
  expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
});

const BOX = '- [ ] step\n';

const ONLY_QUOTED = 'it has no check boxes; 2 lines of plan.md look like boxes and are not counted: 1, 2';

const BAD: [what: string, content: string | Buffer, said: string][] = [
  ['without boxes', '# Plan\n- step\n', 'it has no check boxes'],
  ['with boxes only in code', '```\n- [ ] step\n```\n', 'it has no check boxes'],
  ['with boxes only in a quotation', '> - [ ] a\n> - [ ] b\n', ONLY_QUOTED],
  ['with CR line ends alone', '# Plan\r- [ ] a\r- [ ] b\r', 'its lines end with CR alone'],
  ['with 500 boxes', BOX.repeat(500), 'it has 500 check boxes, and a session takes at most 200'],
  ['with only ticked boxes', '- [x] one\n* [X] two\n', 'every box in it is ticked'],
  ['that is a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), 'it is not a text file'],
  ['in UTF-16', Buffer.from(`\uFEFF${BOX}`, 'utf16le'), 'it is not a text file'],
  ['in Latin-1', Buffer.from('- [ ] Grüße\n', 'latin1'), 'it is not UTF-8 text'],
  ['of a megabyte', BOX + 'x'.repeat(1_000_000), 'it is too large, more than 262144 bytes'],
];

test.each(BAD)('a plan %s is refused, with the reason', async (_, content, said) => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'plan.md'), content);
  const reading = readGivenPlan('plan.md', placeAt(dir.path));
  await expect(reading).rejects.toMatchObject({
    code: 'plan_unusable',
    why: `${join(dir.path, 'plan.md')} cannot be the plan of a session: ${said}.`,
  });
});

test('a link, a folder and a missing file are not plans', async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'real.md'), BOX);
  await symlink('real.md', join(dir.path, 'link.md'));
  await mkdir(join(dir.path, 'folder'));
  const why = async (path: string) =>
    await readGivenPlan(path, placeAt(dir.path)).catch(({ why: said }: { why: string }) => said);
  expect(await why('link.md')).toContain('it is a symbolic link');
  expect(await why('folder')).toContain('it is not a plain file');
  expect(await why('nothing.md')).toContain('there is no such file');
  expect(await why('~/real.md')).toMatchObject({ name: 'real.md' });
});

test('work that only an extension reads is refused by a build without it', async () => {
  // As an issue is where GitHub handed nothing over.
  const work = { kind: 'ticket', issue: '7' } as unknown as NewWork;
  await expect(resolveWork(work, {} as Project, {} as ActionContext)).rejects.toMatchObject({
    code: 'not_in_this_build',
    why: 'This build of samocode was made without the extension for tickets.',
  });
});

const acting = (channel: string, cwd = '/') =>
  ({ by: { channel }, cwd, home: cwd, env: {} }) as unknown as ActionContext;
const planOf = async (plan: string, more: object = {}, context = acting('tool')) =>
  await resolveWork({ kind: 'plan', plan, ...more }, {} as Project, context);

test.each(['# Deck\n\n- [ ] sweep\n', '- [ ] sweep the deck', `\uFEFF- [ ] a\r\n${BOX}`])(
  'the text of a plan, %j, is taken from a chat without a file',
  async (text) => {
    const { givenPlan, way, task } = await planOf(text);
    expect(givenPlan).toEqual({ name: 'from this chat', hash: fingerprint(text), text });
    expect({ way, task }).toEqual({
      way: 'plan',
      task: expect.stringContaining('Carry out the plan from this chat ('),
    });
  },
);

test('agents plan from it only when that is asked for', async () => {
  expect((await planOf(BOX, { replan: true })).way).toBeUndefined();
});

test.each([
  ...BAD.filter(([, content]) => typeof content === 'string' && content.includes('\n')),
  ['with a long command', `## A\nCheck: \`${'x'.repeat(1001)}\`\n${BOX}`, 'the command of phase 1 is longer'],
  ['with NUL', `${BOX}\0`, 'it is not a text file'],
] as const)('the text of a plan %s is refused with the bounds of a file', async (_, content, said) => {
  await expect(planOf(String(content))).rejects.toMatchObject({
    code: 'plan_unusable',
    why: expect.stringContaining(
      `cannot be the plan of a session: ${said.replaceAll('plan.md', 'the plan from this chat')}`,
    ),
  });
});

test.each(['cli', 'web'])('in %s, a plan is the path of a file', async (channel) => {
  await expect(planOf(BOX, {}, acting(channel))).rejects.toMatchObject({ code: 'plan_unusable' });
});

const start = {
  v: 1,
  id: '01JH0000000000000000000000',
  at: '2026-01-08T10:00:00.000Z',
  by: { channel: 'cli' },
  kind: 'start',
  run: true,
} as const;

test('no other user can read the folders that a start makes', async () => {
  await using dir = await tempDir();
  const file = sessionFileSample({ sessionsDir: join(dir.path, 'sessions') });
  const { sessionsDir } = file;
  const { runDir } = sessionPaths(sessionsDir, file.folder);
  expect(
    await makeRunFolder(sessionPaths(sessionsDir, file.folder), file, {
      given: {},
      first: start,
    }),
  ).toBe(true);
  const modes = [dirname(dirname(runDir)), dirname(runDir), runDir].map(
    (path) => statSync(path).mode & 0o777,
  );
  expect(modes).toEqual([0o700, 0o700, 0o700]);
});

test('a SESSIONS that is a link is as open as its target', async () => {
  await using dir = await tempDir();
  const sessionsDir = join(dir.path, 'link');
  const target = join(dir.path, 'target');
  await mkdir(target, { mode: 0o700 });
  await symlink(target, sessionsDir);
  const make = async (folder: string) => {
    const file = sessionFileSample({ sessionsDir, folder });
    return await makeRunFolder(sessionPaths(sessionsDir, folder), file, {
      ...{ given: {}, first: start },
    });
  };
  expect(await make('26-01-08-boat')).toBe(true);
  await chmod(target, 0o777);
  await expect(make('26-01-09-boat')).rejects.toMatchObject({ code: 'sessions_open' });
});

const BERLIN = 'Europe/Berlin';
/** 15:30 in Berlin. */
const NOW = Date.UTC(2026, 10, 23, 14, 30);

const timeOf = (written: string, zone = BERLIN, now = NOW) => {
  const at = startTime(written, now, zone);
  return at === 'limit' ? at : new Date(at).toISOString();
};

test.each([
  ['23:00', '2026-11-23T22:00:00.000Z'],
  [' 15:31 ', '2026-11-23T14:31:00.000Z'],
  ['2026-12-01T07:00', '2026-12-01T06:00:00.000Z'],
  ['2026-12-01 07:00', '2026-12-01T06:00:00.000Z'],
  ['2027-07-01T07:00', '2027-07-01T05:00:00.000Z'],
  ['2026-12-01T07:00Z', '2026-12-01T07:00:00.000Z'],
  ['2026-12-01T07:00:30+09:30', '2026-11-30T21:30:30.000Z'],
  ['2026-12-01T07:00-0330', '2026-12-01T10:30:00.000Z'],
  // A time with a zone is never ambiguous.
  ['2027-10-31T02:30+01:00', '2027-10-31T01:30:00.000Z'],
  ['limit', 'limit'],
])('%s is understood as local time in Berlin unless it names a zone', (written, expected) => {
  expect(timeOf(written)).toBe(expected);
});

test('a time without a date refers to the local day', () => {
  expect(timeOf('00:30', 'Asia/Tokyo', Date.UTC(2026, 10, 23, 15, 10))).toBe('2026-11-23T15:30:00.000Z');
});

test.each([
  ['15:30', 'has passed: it is 2026-11-23 15:30 (Europe/Berlin).', 'For tomorrow, write 2026-11-24T15:30.'],
  ['7:05', 'has passed: it is 2026-11-23 15:30 (Europe/Berlin).', 'For tomorrow, write 2026-11-24T07:05.'],
  ['2026-11-23T15:29', 'has passed: it is 2026-11-23 15:30 (Europe/Berlin).', 'Leave it out to start now.'],
  [
    '2027-03-28T02:30',
    'does not exist in Europe/Berlin: clocks are set forward past it.',
    'Choose a time before or after.',
  ],
  [
    '2027-10-31T02:30',
    'occurs twice in Europe/Berlin: clocks are set back.',
    'Say which: 2027-10-31T02:30+02:00 or 2027-10-31T02:30+01:00.',
  ],
  ...[
    'tomorrow',
    '23',
    '24:00',
    '23:60',
    '2027-02-30T07:00',
    '2026-12-01',
    '',
    '11pm',
    '2026-12-01T07:00+1',
  ].map((written) => [
    written,
    'is not a time.',
    'Write it as 23:00, as 2026-12-01T07:00, or as 2026-12-01T07:00+01:00.',
  ]),
])('%s is refused', (written, why, hint) => {
  expect(() => timeOf(written ?? '')).toThrow(
    expect.objectContaining({ code: 'bad_start_time', why: `"${written}" ${why}`, hint }),
  );
});

test('times are skipped and repeated also where clocks change by half an hour', () => {
  // Lord Howe Island, between UTC+10:30 and UTC+11.
  expect(() => timeOf('2027-10-03T02:15', 'Australia/Lord_Howe')).toThrow(/does not exist/);
  expect(() => timeOf('2027-04-04T01:45', 'Australia/Lord_Howe')).toThrow(/occurs twice/);
});
