import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../../../src/core/acts/sessions/resume-session.act.ts';
import { sendAndAwait } from '../../../../../src/core/caller/commands/await-command.ts';
import { trustProject } from '../../../../../src/core/caller/context/trust-project.ts';
import { fingerprint } from '../../../../../src/core/kernel/files/fingerprint.ts';
import {
  describeBy,
  describeEvent,
  openedBy,
} from '../../../../../src/core/session/documents/describe-event.ts';
import type { CommandBy } from '../../../../../src/core/session/events/bodies/who-acted.ts';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { watchLimits } from '../../../../../src/core/worker/iteration/watch.ts';
import { patienceOf } from '../../../../../src/core/worker/limits/account.ts';
import { type Bench, makeBench } from '../../../../support/bench.ts';
import { ci } from '../../../../support/ci.ts';
import { startSession } from '../../../../support/start-session.ts';

const LINES = { MAX_COST_USD: '5', GATE_CHANNELS: 'person' };
const model: CommandBy = { channel: 'tool', client: 'claude-code' };
const person: CommandBy = { channel: 'cli', client: 'samocode' };

const started = (bench: Bench, by: CommandBy, maxCostUsd?: number) =>
  startSession({ task: 'x', run: false, settings: { maxCostUsd } }, { ...bench.context, by });

test.each<[string, CommandBy, Record<string, string>, number]>([
  ['a model', model, LINES, 5],
  ['a person in a terminal', person, LINES, 900_000],
  ['a model, in a file without a limit,', model, { GATE_CHANNELS: 'person' }, 900_000],
])('%s starts a session with the limits that it may set', async (_, by, lines, usd) => {
  await using bench = await makeBench({ lines, here: true });
  const { file, warnings, view } = await started(bench, by, 900_000);
  expect(file.settings.limits.session.usd).toBe(usd);
  expect(warnings.filter((text) => text.includes('limits.usd 900000 was lowered to 5'))).toHaveLength(
    usd === 5 ? 1 : 0,
  );
  const [created] = (await readEvents(view.paths, 0)).filter(({ type }) => type === 'session_created');
  const flow = `limits above those of the file: MAX_COST_USD=900000, set by ${openedBy(by)}`;
  const isRaise = usd > 5 && lines.MAX_COST_USD !== undefined;
  const { channel, client } = by;
  expect(created).toMatchObject({ by: { channel, ...(client && { client }) } });
  expect(created?.flow?.includes(flow)).toBe(isRaise);
});

test('the page of a machine without a guard, which an agent can use, raises nothing where only persons open gates', async () => {
  await using bench = await makeBench({ lines: LINES, here: true });
  await expect(started(bench, { channel: 'web' }, 6)).rejects.toMatchObject({ code: 'limits_closed' });
});

test.each<[string, CommandBy, Record<string, string>, number]>([
  ['a model', model, LINES, 5],
  ['a person in a terminal', person, LINES, 900_000],
])('%s resumes a session with the limits that it may set', async (_, by, lines, usd) => {
  await using bench = await makeBench({ lines, here: true });
  const { view: prepared } = await started(bench, person);
  const input = { session: prepared.folder, limits: { usd: 900_000 } };
  const { view, done } = await resumeSession(input, { ...bench.context, by });
  expect(view.state.raisedLimits?.session.usd).toBe(usd);
  expect(done.includes('limits.usd 900000 was lowered to 5')).toBe(usd === 5);
  const [resumed, ...more] = (await readEvents(view.paths, 0)).filter(({ type }) => type === 'resumed');
  expect(more).toEqual([]);
  expect(resumed && describeEvent(resumed)).toBe(
    `resumed by ${describeBy(by)}, with the limits MAX_COST_USD=${usd}`,
  );
});

test('a worker refuses a raise that its judge would refuse, whoever left the command', ci, async () => {
  await using bench = await makeBench({ lines: LINES, here: true });
  const { view } = await started(bench, person);
  const request = { kind: 'resume', limits: { session: { usd: 6 }, phases: {} } } as const;
  const inPool = { channel: 'cli', person: 'anna' } as const;
  const remote = { channel: 'cli', client: 'samocode', remote: true } as const;
  for (const by of [model, inPool, remote])
    await expect(sendAndAwait(view, request, ['resumed'], { ...bench.context, by })).rejects.toMatchObject({
      code: 'limits_closed',
    });
  expect((await bench.view(view.folder)).state.raisedLimits).toBeUndefined();
});

test('a session whose budget is spent refuses a higher limit of a model, and names who may set it', async () => {
  await using bench = await makeBench({ lines: { ...LINES, MAX_COST_USD: '0' }, here: true });
  const { view } = await started(bench, person);
  const session = view.folder;
  const { view: blocked } = await resumeSession({ session }, bench.context);
  await expect
    .poll(async () => (await bench.view(blocked.folder)).state.status)
    .toMatchObject({ kind: 'blocked', rule: 'budget' });
  const asked = { session, limits: { usd: 10 } };
  await expect(resumeSession(asked, { ...bench.context, by: model })).rejects.toMatchObject({
    code: 'limits_closed',
    why: expect.stringContaining('Only a channel of GATE_CHANNELS (cli, phone) raises a limit'),
  });
  const { view: raised } = await resumeSession(asked, { ...bench.context, by: person });
  expect(raised.state.raisedLimits?.session).toEqual({ usd: 10 });
});

test('the terminal counts in a file that is not trusted, and its silence is said', async () => {
  await using bench = await makeBench({ bare: false });
  const filePath = join(bench.repo.path, '.samocode');
  const harmless = (await readFile(filePath, 'utf8')).replace('SANDBOX=off\n', '');
  await writeFile(filePath, `${harmless}GATE_CHANNELS=phone\nNOTIFY=off\n`);
  const before = await started(bench, person);
  expect(before.file.settings.gateChannels).toEqual(['phone', 'cli']);
  expect(before.warnings).toContainEqual(expect.stringMatching(/^NOTIFY=off in .*samocode trust\.$/));
  const hash = fingerprint(await readFile(filePath, 'utf8'));
  await trustProject({ hash }, { ...bench.context, by: model });
  expect((await started(bench, person)).file.settings.gateChannels).toEqual(['phone', 'cli']);
  await trustProject({ hash }, bench.context);
  const after = await started(bench, person);
  expect(after.file.settings.gateChannels).toEqual(['phone']);
  expect(after.warnings.filter((text) => text.includes('NOTIFY'))).toEqual([]);
});

test.each([
  [{}, 12],
  [{ RETRY_HOURS: '0.5' }, 0.5],
])('a session with %j waits %d hours for an outage to end', ci, async (lines, hours) => {
  await using bench = await makeBench({ lines });
  const { file } = await startSession({ task: 'x', run: false }, bench.context);
  expect(file.settings.retryHours).toBe(hours);
  expect(patienceOf(file.settings)).toEqual({
    quickMs: 5000,
    firstMs: 60_000,
    maxMs: hours * 3_600_000,
  });
});

test.each([
  [{}, 1_200_000],
  [{ STALL_TIMEOUT: '3600' }, 3_600_000],
])(
  'a session with %j may be silent for %i ms, and is reported after half of that',
  ci,
  async (lines, stallEndMs) => {
    await using bench = await makeBench({ lines });
    const { file } = await startSession({ task: 'x', run: false }, bench.context);
    expect(watchLimits(file.settings)).toMatchObject({ stallMs: stallEndMs / 2, stallEndMs });
  },
);
