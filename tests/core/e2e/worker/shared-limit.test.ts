import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { readHolding } from '../../../../src/core/kernel/processes/lease.ts';
import { accountKey } from '../../../../src/core/sandbox/plan-windows.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { readSharedLimit, shareLimit } from '../../../../src/core/worker/limits/account.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const NOW = 1_800_000_000_000;
const clock = { now: () => NOW, monotonic: () => 0, sleep: async () => {} };

test('a limit applies to every session of the account, identified by names alone', ci, async () => {
  await using home = await tempDir();
  const env = { HOME: home.path, ANTHROPIC_API_KEY: 'sk-very-secret' };
  await shareLimit({ env, clock }, 'claude', { until: NOW + 5000, guessed: false });
  expect(await readSharedLimit({ env, clock }, 'claude')).toMatchObject({ until: NOW + 5000 });
  expect(await readSharedLimit({ env: { HOME: home.path }, clock }, 'claude')).toBeUndefined();
  expect(await readSharedLimit({ env, clock }, 'codex')).toBeUndefined();
  const folder = join(home.path, '.config/samocode/limits');
  const [name = ''] = await readdir(folder);
  expect(`${name}${await readFile(join(folder, name), 'utf8')}`).not.toContain('secret');
});

test('two logins in two folders are two accounts', () => {
  const key = (folder: string) => accountKey('claude', { CLAUDE_CONFIG_DIR: folder });
  expect(key('/a')).not.toBe(key('/b'));
  expect(accountKey('claude', {})).toBe('claude-login');
});

test.each([
  ['an unreadable file', 'garbage'],
  ['a time in the past', JSON.stringify({ v: 1, until: NOW - 1, guessed: false, at: NOW })],
  ['a time years ahead', JSON.stringify({ v: 1, until: NOW * 2, guessed: false, at: NOW })],
  [
    'an estimate longer than the longest allowed',
    JSON.stringify({ v: 1, until: NOW + 86_400_000, guessed: true, at: NOW }),
  ],
  ['no number', JSON.stringify({ v: 1, until: 'soon', guessed: false, at: NOW })],
])('%s delays no session', async (_what, text) => {
  await using home = await tempDir();
  const folder = join(home.path, '.config/samocode/limits');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'claude-login.json'), text);
  expect(await readSharedLimit({ env: { HOME: home.path }, clock }, 'claude')).toBeUndefined();
});

test('without a home, and if nothing can be written, each session finds the limit by itself', async () => {
  for (const env of [{}, { HOME: '/dev/null' }]) {
    await shareLimit({ env, clock }, 'claude', { until: NOW + 5000, guessed: true });
    expect(await readSharedLimit({ env, clock }, 'claude')).toBeUndefined();
  }
});

const limitFirst = (resetsInSeconds: number) => ({
  rules: [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds }] }],
});

test.concurrent('a session waits until the limit ends, even if its worker has died, and then continues', async () => {
  await using rig = await startRig({ supervised: true, scenario: limitFirst(6) });
  const { status } = await rig.until(({ status }) => status.kind === 'limited');
  const until = status.kind === 'limited' ? status.until : 0;
  await rig.killWorker();
  await rig.untilWaiting('qa_answers');
  const events = await rig.events();
  const wentOn = events.find((event) => event.type === 'went_on');
  expect(Date.parse(wentOn?.at ?? '')).toBeGreaterThanOrEqual(until);
  const ended = events.filter((event) => event.type === 'iteration_ended');
  expect(ended[0]).toMatchObject({ ending: 'usage_limit', iteration: 1 });
});

test.concurrent('another session of the account spends nothing to find the limit, and a person can declare it over', async () => {
  await using rig = await startRig({ here: true, scenario: limitFirst(3600) });
  await rig.until(({ status }) => status.kind === 'limited');
  const second = await startSession({ task: 'Another', name: 'another' }, rig.context());
  const stateNow = async () => (await readSession(second.view.paths, rig.context().host))?.state;
  await eventually(async () => (await stateNow())?.status.kind === 'limited');
  expect((await readEvents(second.view.paths, 0)).map(({ type }) => type)).not.toContain('iteration_started');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  await stopSession({ session: second.view.folder, when: 'now' }, rig.context());
  await eventually(async () => (await findWorker(second.view.paths)) === undefined);

  async function findWorker(paths: SessionPaths) {
    const holding = await readHolding(paths.leases, rig.context().host);
    return holding.kind === 'held' && holding.liveness === 'alive' ? holding.lease.owner.pid : undefined;
  }
});

test.concurrent('limits that end as soon as they are reached are waited for longer each time', async () => {
  await using rig = await startRig({
    here: true,
    scenario: { rules: [{ when: {}, do: [{ act: 'limit', resetsInSeconds: 0 }] }] },
  });
  await rig.until(({ limitsInARow, status }) => limitsInARow === 2 && status.kind === 'limited');
  const limits = await eventsOfType(rig, 'limited');
  expect(limits).toHaveLength(2);
  // From its start: on a busy machine, an end is recorded some time after the limit was reckoned.
  const begun = (await eventsOfType(rig, 'iteration_started')).map(({ at }) => Date.parse(at));
  expect((limits[1]?.until ?? 0) - (begun[1] ?? 0)).toBeGreaterThanOrEqual(rig.file.settings.retryDelayMs);
});

test.concurrent('a limit beyond the range of numbers is estimated', async () => {
  await using rig = await startRig({ here: true, scenario: limitFirst(1e307) });
  const { status } = await rig.until(({ status }) => status.kind === 'limited');
  expect(status).toMatchObject({ guessed: true });
});

/** Gemini CLI's account is at its limit too, for ten minutes. */
const GEMINI_TOO = `
import { mkdirSync, writeFileSync } from 'node:fs';
const folder = process.env.HOME + '/.config/samocode/limits';
mkdirSync(folder, { recursive: true });
const limit = { v: 1, until: Date.now() + 600_000, guessed: false, at: Date.now() };
writeFileSync(folder + '/gemini-login.json', JSON.stringify(limit));
`;

test.concurrent('if every provider is at its limit, the one that is available first is waited for', async () => {
  const acts = [
    { act: 'script', path: 'gemini-too.mjs' },
    { act: 'limit', resetsInSeconds: 86_400 },
  ];
  await using rig = await startRig({
    here: true,
    lines: { FALLBACK: 'gemini' },
    firstEnv: { GEMINI_PATH: '/bin/false' },
    files: { 'gemini-too.mjs': GEMINI_TOO },
    scenario: { rules: [{ when: {}, do: acts }] },
  });
  const { status } = await rig.until(({ status }) => status.kind === 'limited');
  expect(status.kind === 'limited' && status.until - Date.now()).toBeLessThan(700_000);
  expect((await rig.events()).find(({ type }) => type === 'limited')).toMatchObject({ provider: 'gemini' });
});
