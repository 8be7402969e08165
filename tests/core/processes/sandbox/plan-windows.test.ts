import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { configFolder } from '../../../../src/core/kernel/config-folder.ts';
import type { UsageWindow } from '../../../../src/core/kernel/phases/usage-windows.ts';
import {
  askPlanWindows,
  notePlanWindows,
  readPlanWindows,
  windowsFor,
} from '../../../../src/core/sandbox/plan-windows.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const NOW = 1_795_790_000_000;
const MINUTE = 60_000;

/** Answers as the CLI did when it was tried, notes each start, and stays until it is ended. */
const CLI = `
const { appendFileSync, readdirSync } = require('node:fs');
const at = process.env.HOME;
appendFileSync(at + '/starts', JSON.stringify({ args: process.argv.slice(2), files: readdirSync('.') }) + '\\n');
const say = (json) => console.log(JSON.stringify(json));
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  if (process.env.MODE === 'broken') process.exit(1);
  if (text.includes('get_usage'))
    say({ type: 'control_response', response: { subtype: 'success', request_id: 'windows', response: {
      rate_limits_available: true,
      rate_limits: process.env.MODE === 'offline' ? null : {
        five_hour: { utilization: 42, resets_at: '2026-11-27T15:23:17Z' },
        seven_day: { utilization: null, resets_at: null },
        seven_day_opus: { utilization: 99, resets_at: '2026-11-27T15:23:17Z' },
      } } } });
  if (text.includes('account/rateLimits/read')) {
    say({ id: 1, result: {} });
    say({ id: 2, result: { rateLimits: {
      primary: { usedPercent: 63, windowDurationMins: 10080, resetsAt: 1796186436 },
      secondary: { usedPercent: 42, windowDurationMins: 300, resetsAt: 1795793636 },
    } } });
  }
});
`;

async function personWith(env: Record<string, string> = {}) {
  const dir = await tempDir();
  const path = join(dir.path, 'cli');
  await writeFile(join(dir.path, 'cli.cjs'), CLI);
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${dir.path}/cli.cjs' "$@"\n`, {
    mode: 0o755,
  });
  const at = { now: NOW };
  const clock = { now: () => at.now, monotonic: () => 0, sleep: async () => {} };
  const home = { dir: dir.path, env: { PATH: process.env.PATH, HOME: dir.path, ...env } };
  return {
    at,
    home,
    ask: (provider: string) => askPlanWindows(providerNamed(provider), path, home, clock),
    read: (provider: string) => readPlanWindows(provider, home),
    starts: async () =>
      (await readFile(join(dir.path, 'starts'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('Claude Code is asked from an empty folder, with no settings and no prompt, and ended once it has answered', async () => {
  await using person = await personWith();
  await person.ask('claude');
  expect(await person.read('claude')).toEqual([
    { window: '5h', used: 0.42, endsAt: Date.parse('2026-11-27T15:23:17Z'), seenAt: NOW, from: 'asked' },
  ]);
  const [start = ''] = await person.starts();
  expect(JSON.parse(start)).toMatchObject({
    args: expect.arrayContaining(['--setting-sources=', '--tools=', '--strict-mcp-config']),
    files: [],
  });
});

test("Codex's windows are known by their length, whichever comes first", async () => {
  await using person = await personWith();
  await person.ask('codex');
  expect(await person.read('codex')).toMatchObject([
    { window: '7d', used: 0.63, endsAt: 1_796_186_436_000 },
    { window: '5h', used: 0.42, endsAt: 1_795_793_636_000 },
  ]);
});

test('a CLI is asked once in five minutes, whether or not it answers', async () => {
  for (const MODE of ['', 'offline', 'broken']) {
    await using person = await personWith({ MODE });
    await person.ask('claude');
    person.at.now += 4 * MINUTE;
    await person.ask('claude');
    expect(await person.starts()).toHaveLength(1);
    person.at.now += 2 * MINUTE;
    await person.ask('claude');
    expect(await person.starts()).toHaveLength(2);
    expect(await person.read('claude')).toHaveLength(MODE === '' ? 1 : 0);
  }
});

const figure = (change: Partial<UsageWindow> = {}): UsageWindow => ({
  window: '5h',
  used: 0.5,
  endsAt: NOW + MINUTE,
  seenAt: NOW,
  from: 'agent',
  ...change,
});

test('of each window the newest figure is kept', async () => {
  await using person = await personWith();
  await notePlanWindows('claude', person.home, [figure(), figure({ window: '7d' })]);
  await notePlanWindows('claude', person.home, [
    figure({ used: 0.1, seenAt: NOW - 1 }),
    figure({ window: '7d', used: 0.6, seenAt: NOW + 1 }),
  ]);
  const windows = await person.read('claude');
  expect(windows.map(({ window, used }) => [window, used])).toEqual([
    ['5h', 0.5],
    ['7d', 0.6],
  ]);
});

test('what an agent printed counts for its own session alone, and hides no answer of the CLI', async () => {
  await using person = await personWith();
  const seenBy = (session: string, used: number) => figure({ used, seenAt: NOW + 1, ...{ session } });
  await notePlanWindows('claude', person.home, [figure({ used: 0.9, from: 'asked' })]);
  await notePlanWindows('claude', person.home, [seenBy('a', 0.1)]);
  await notePlanWindows('claude', person.home, [seenBy('b', 0.2)]);
  const usedFor = async (session: string) =>
    (await windowsFor(session, 'claude', person.home)).map(({ used }) => used);
  expect([await usedFor('a'), await usedFor('b'), await usedFor('c')]).toEqual([
    [0.9, 0.1],
    [0.9, 0.2],
    [0.9],
  ]);
  // Of windows that have ended nothing is kept.
  await notePlanWindows('claude', person.home, [
    figure({ seenAt: NOW + 2 * MINUTE, endsAt: NOW + 9 * MINUTE }),
  ]);
  expect(await usedFor('a')).toEqual([0.5]);
});

test.each([
  ['claude', '.claude.json', { oauthAccount: { accountUuid: 'second' } }],
  ['codex', '.codex/auth.json', { tokens: { account_id: 'second' } }],
])('the figures of %s belong to the login that it had, and to no other', async (provider, file, login) => {
  await using person = await personWith();
  await notePlanWindows(provider, person.home, [figure()]);
  expect(await person.read(provider)).toHaveLength(1);
  await mkdir(join(person.home.dir, '.codex'));
  await writeFile(join(person.home.dir, file), JSON.stringify(login));
  expect(await person.read(provider)).toEqual([]);
  const folder = join(configFolder(person.home.dir), 'windows');
  await notePlanWindows(provider, person.home, [figure()]);
  const [name = ''] = (await readdir(folder)).filter((each) => each.endsWith('.json'));
  expect(await readFile(join(folder, name), 'utf8')).not.toContain('second');
});

test('where nothing can be written, nothing is known and nobody is asked', async () => {
  await using person = await personWith();
  await writeFile(join(person.home.dir, '.config'), '');
  await person.ask('claude');
  await notePlanWindows('claude', person.home, [figure()]);
  expect(await person.read('claude')).toEqual([]);
  expect(await person.starts()).toEqual([]);
});
