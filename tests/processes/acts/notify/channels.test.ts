import { createHmac } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandChannel } from '../../../../src/acts/notify/channels/command.ts';
import { desktopChannel } from '../../../../src/acts/notify/channels/desktop.ts';
import { webhookChannel } from '../../../../src/acts/notify/channels/webhook.ts';
import type { Notification } from '../../../../src/acts/notify/notice/notification.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { isRunning, procTable, psTable } from '../../../../src/base/processes/process-table.ts';
import { hookServer, type Post } from '../../../support/hook-server.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const NOTIFICATION: Notification = {
  ...{ id: 's:3', at: '2026-01-08T10:00:00.000Z', kind: 'waiting', needsPerson: true },
  ...{ session: '26-01-08-x', sessionsDir: '/sessions', project: 'boats' },
  ...{ title: '26-01-08-x waits for an answer', body: 'Q1: a < b & "c"?\n  A) é $(touch /tmp/x)' },
};
const DONE: Notification = {
  ...NOTIFICATION,
  id: 's:9',
  kind: 'done',
  needsPerson: false,
  title: 'x is done',
};
const running = new AbortController().signal;
const PATH = process.env.PATH ?? '';

test('a post is signed with the time, and says what its schema says', async () => {
  await using hook = await hookServer();
  const channel = webhookChannel({ url: hook.url, secret: 'hush', clock: systemClock });
  await channel.send([NOTIFICATION], running);
  const { body = '', headers = {} }: Partial<Post> = hook.posts[0] ?? {};
  const timestamp = String(headers['x-samocode-timestamp']);
  const hmac = createHmac('sha256', 'hush').update(`${timestamp}.${body}`).digest('hex');
  expect(headers['x-samocode-signature']).toBe(`sha256=${hmac}`);
  expect(Math.abs(Number(timestamp) * 1000 - Date.now())).toBeLessThan(60_000);
  expect(JSON.parse(body)).toEqual({ v: 1, samocode: '0.0.0-test', notifications: [NOTIFICATION] });
});

test('a notification of titles alone names no path in a post', async () => {
  await using hook = await hookServer();
  await webhookChannel({ url: hook.url, clock: systemClock }).send([{ ...NOTIFICATION, body: '' }], running);
  expect(hook.posts[0]?.body).not.toContain('/sessions');
  expect(hook.posts[0]?.headers['x-samocode-signature']).toBeUndefined();
});

test.each([
  [500, 'later'],
  [503, 'later'],
  [408, 'later'],
  [429, 'later'],
  [302, 'never'],
  [400, 'never'],
  [404, 'never'],
])('a webhook that answers %i can be helped %s', async (status, canHelp) => {
  await using hook = await hookServer();
  hook.answer = { status, headers: { location: hook.url } };
  const channel = webhookChannel({ url: hook.url, clock: systemClock });
  await expect(channel.send([NOTIFICATION], running)).rejects.toMatchObject({
    code: 'undelivered',
    args: { channel: 'webhook', why: `The server answered ${status}.`, canHelp },
  });
  expect(hook.posts).toHaveLength(1);
});

test('a command is given the notifications on its standard input, and no secret of other channels', async () => {
  await using dir = await tempDir();
  const env = { PATH, NOTIFY_WEBHOOK_SECRET: 'hush', TELEGRAM_BOT_TOKEN: 'hush' };
  const command = 'cat >given; env >env';
  await commandChannel({ command, env, home: dir.path }).send([NOTIFICATION, DONE], running);
  const given = JSON.parse(await readFile(join(dir.path, 'given'), 'utf8'));
  expect(given.notifications).toEqual([NOTIFICATION, DONE]);
  expect(await readFile(join(dir.path, 'env'), 'utf8')).not.toContain('hush');
});

test('a command that fails or does not read its input is reported in words of ours', async () => {
  await using dir = await tempDir();
  const failing = commandChannel({ command: 'echo secret >&2; exit 3', env: { PATH }, home: dir.path });
  await expect(failing.send([NOTIFICATION], running)).rejects.toMatchObject({
    args: { why: 'The command ended with status 3.', canHelp: 'later' },
  });
  const huge = { ...NOTIFICATION, body: 'x'.repeat(1024 * 1024) };
  await commandChannel({ command: 'exec <&-; exit 0', env: { PATH }, home: dir.path }).send([huge], running);
});

const HANGS = [
  ['hangs', 'echo $$ >pid; exec sleep 300'],
  ['ignores SIGTERM', 'echo $$ >pid; trap "" TERM; while :; do sleep 1; done'],
  ['forks and hangs', '(sleep 300 >/dev/null 2>&1 & echo $! >pid); sleep 300'],
] as const;

test.concurrent.each(HANGS)('a command that %s is ended with all that it has started', async (_, command) => {
  await using dir = await tempDir();
  const channel = commandChannel({ command, env: { PATH }, home: dir.path, timeoutMs: 500 });
  await expect(channel.send([NOTIFICATION], running)).rejects.toMatchObject({
    args: { why: 'The command was still running after 0.5 s and was ended.' },
  });
  const table = process.platform === 'linux' ? procTable() : psTable();
  const pid = Number(await readFile(join(dir.path, 'pid'), 'utf8'));
  expect(isRunning(await table.read(pid))).toBe(false);
});

/** A folder with a program of this name that writes down what it is called with. */
async function fakeProgram(path: string, name: string, exitCode = 0): Promise<void> {
  const file = join(path, name);
  const lines = [
    '#!/bin/sh',
    `for each; do printf '%s\\n' "$each"; done >"${path}/called"`,
    `exit ${exitCode}`,
  ];
  await writeFile(file, lines.join('\n'));
  await chmod(file, 0o755);
}

test('notify-send is given the title, the body as markup and the urgency', async () => {
  await using dir = await tempDir();
  await fakeProgram(dir.path, 'notify-send');
  await desktopChannel({ env: { PATH: dir.path } }).send([NOTIFICATION], running);
  expect(await readFile(join(dir.path, 'called'), 'utf8')).toBe(
    `--app-name=samocode\n--urgency=critical\n--\n${NOTIFICATION.title}\nQ1: a &lt; b &amp; "c"?\n  A) é $(touch /tmp/x)\n`,
  );
});

test('several come as one pop-up of their titles', async () => {
  await using dir = await tempDir();
  await fakeProgram(dir.path, 'notify-send');
  await desktopChannel({ env: { PATH: dir.path } }).send([DONE, DONE], running);
  const called = await readFile(join(dir.path, 'called'), 'utf8');
  expect(called).toContain('--urgency=normal\n--\nsamocode: 2 sessions\nx is done\nx is done\n');
});

test('without notify-send another program of the desktop is taken, and with none it says so', async () => {
  await using dir = await tempDir();
  const channel = desktopChannel({ env: { PATH: dir.path } });
  await expect(channel.send([DONE], running)).rejects.toMatchObject({ args: { canHelp: 'never' } });
  await fakeProgram(dir.path, 'osascript');
  await channel.send([DONE], running);
  expect(await readFile(join(dir.path, 'called'), 'utf8')).toContain(
    `end run\n${DONE.title}\n${DONE.body}\n`,
  );
  await fakeProgram(dir.path, 'notify-send', 1);
  await expect(channel.send([DONE], running)).rejects.toMatchObject({ args: { canHelp: 'later' } });
});
