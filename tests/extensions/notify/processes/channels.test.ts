// @module-tag ci
import { createHmac } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { isRunning, procTable, psTable } from '../../../../src/core/kernel/processes/process-table.ts';
import { commandChannel } from '../../../../src/extensions/notify/channels/command.ts';
import { desktopChannel } from '../../../../src/extensions/notify/channels/desktop.ts';
import { webhookChannel } from '../../../../src/extensions/notify/channels/webhook.ts';
import type { Notification } from '../../../../src/extensions/notify/notice/notification.ts';
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

test.each([
  ['a plain secret is the key itself', 'hush', Buffer.from('hush')],
  ['whsec_ marks a key in base64', 'whsec_AAECAwQFBgcICQoLDA0ODw==', Buffer.from([...Array(16).keys()])],
])('a post is signed according to Standard Webhooks: %s', async (_name, secret, key) => {
  await using hook = await hookServer();
  const channel = webhookChannel({ url: hook.url, secret, clock: systemClock });
  await channel.send(NOTIFICATION, running);
  await channel.send(DONE, running);
  await channel.send(NOTIFICATION, running);
  const { body = '', headers = {} }: Partial<Post> = hook.posts[0] ?? {};
  const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers;
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${hmac}`);
  expect(Math.abs(Number(timestamp) * 1000 - Date.now())).toBeLessThan(60_000);
  expect(hook.posts.map((post) => post.headers['webhook-id'] === id)).toEqual([true, false, true]);
  expect(JSON.parse(body)).toEqual({ v: 1, samocode: '0.0.0-test', notifications: [NOTIFICATION] });
});

test('a notification limited to titles contains no path', async () => {
  await using hook = await hookServer();
  await webhookChannel({ url: hook.url, clock: systemClock }).send({ ...NOTIFICATION, body: '' }, running);
  expect(hook.posts[0]?.body).not.toContain('/sessions');
  expect(hook.posts[0]?.headers['webhook-signature']).toBeUndefined();
});

/** The program of docs/notifications.md, for a service at this address. */
async function exampleFor(service: string, url: string): Promise<string> {
  const page = await readFile('docs/notifications.md', 'utf8');
  const [, text = ''] = /^ {4}#!\/usr\/bin\/env node\n((?: {4}.*\n|\n)+)/m.exec(page) ?? [];
  return text
    .replaceAll(/^ {4}/gm, '')
    .replace(/const to = \w+;/, `const to = ${service};`)
    .replaceAll(/https:[^'\s]+/g, url);
}

const WHOLE = `${NOTIFICATION.title}\n${NOTIFICATION.body}`;
const SHAPES = {
  ntfy: { topic: 'a-topic-that-is-hard-to-guess', title: NOTIFICATION.title, message: NOTIFICATION.body },
  slack: { text: WHOLE.replace('a < b & ', 'a &lt; b &amp; ') },
  discord: { content: WHOLE, allowed_mentions: { parse: [] }, flags: 4 },
};

test.each(Object.entries(SHAPES))('the program of the page posts what %s expects', async (service, shape) => {
  await using hook = await hookServer();
  await using dir = await tempDir();
  const program = join(dir.path, 'on-samocode-event.cjs');
  await writeFile(program, await exampleFor(service, hook.url));
  const channel = commandChannel({
    command: `'${process.execPath}' '${program}'`,
    env: process.env,
    home: dir.path,
  });
  await channel.send(NOTIFICATION, running);
  expect(JSON.parse(hook.posts[0]?.body ?? '')).toMatchObject(shape);
  hook.answer = { status: 400 };
  await expect(channel.send(NOTIFICATION, running)).rejects.toMatchObject({ code: 'undelivered' });
});

test('a user in the address becomes a header', async () => {
  await using hook = await hookServer();
  const url = new URL(hook.url);
  Object.assign(url, { username: '', password: 'tk_secret' });
  await webhookChannel({ url: url.href, clock: systemClock }).send(DONE, running);
  const basic = Buffer.from(':tk_secret').toString('base64');
  expect(hook.posts[0]?.headers.authorization).toBe(`Basic ${basic}`);
});

test.each([
  [500, 'later'],
  [503, 'later'],
  [408, 'later'],
  [429, 'later'],
  [302, 'never'],
  [400, 'never'],
  [404, 'never'],
])('a webhook that answers %i is retried: %s', async (status, retry) => {
  await using hook = await hookServer();
  hook.answer = { status, headers: { location: hook.url } };
  const channel = webhookChannel({ url: hook.url, clock: systemClock });
  await expect(channel.send(NOTIFICATION, running)).rejects.toMatchObject({
    code: 'undelivered',
    args: { channel: 'webhook', why: `The server answered ${status}.`, retry },
  });
  expect(hook.posts).toHaveLength(1);
});

test('a command gets the notification on its standard input, and no secrets of other channels', async () => {
  await using dir = await tempDir();
  const env = { PATH, NOTIFY_WEBHOOK_SECRET: 'hush', TELEGRAM_BOT_TOKEN: 'hush' };
  const command = 'cat >given; env >env';
  await commandChannel({ command, env, home: dir.path }).send(NOTIFICATION, running);
  const given = JSON.parse(await readFile(join(dir.path, 'given'), 'utf8'));
  expect(given.notifications).toEqual([NOTIFICATION]);
  expect(await readFile(join(dir.path, 'env'), 'utf8')).not.toContain('hush');
});

test("a command that fails or does not read its input is reported in samocode's own words", async () => {
  await using dir = await tempDir();
  const failing = commandChannel({ command: 'echo secret >&2; exit 3', env: { PATH }, home: dir.path });
  await expect(failing.send(NOTIFICATION, running)).rejects.toMatchObject({
    args: { why: 'The command ended with status 3.', retry: 'later' },
  });
  const huge = { ...NOTIFICATION, body: 'x'.repeat(1024 * 1024) };
  await commandChannel({ command: 'exec <&-; exit 0', env: { PATH }, home: dir.path }).send(huge, running);
});

const HANGS = [
  ['hangs', 'echo $$ >pid; exec sleep 300'],
  ['ignores SIGTERM', 'echo $$ >pid; trap "" TERM; while :; do sleep 1; done'],
  ['forks and hangs', '(sleep 300 >/dev/null 2>&1 & echo $! >pid); sleep 300'],
] as const;

test.concurrent.each(HANGS)('a command that %s is ended with all its processes', async (_, command) => {
  await using dir = await tempDir();
  const channel = commandChannel({ command, env: { PATH }, home: dir.path, timeoutMs: 500 });
  await expect(channel.send(NOTIFICATION, running)).rejects.toMatchObject({
    args: { why: 'The command was still running after 0.5 s and was ended.' },
  });
  const table = process.platform === 'linux' ? procTable() : psTable();
  const pid = Number(await readFile(join(dir.path, 'pid'), 'utf8'));
  expect(isRunning(await table.read(pid))).toBe(false);
});

/** A folder with a program of this name that records its arguments. */
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

test('notify-send gets the title, the body as markup and the urgency', async () => {
  await using dir = await tempDir();
  await fakeProgram(dir.path, 'notify-send');
  await desktopChannel({ env: { PATH: dir.path } }).send(NOTIFICATION, running);
  expect(await readFile(join(dir.path, 'called'), 'utf8')).toBe(
    `--app-name=samocode\n--urgency=critical\n--\n${NOTIFICATION.title}\nQ1: a &lt; b &amp; "c"?\n  A) é $(touch /tmp/x)\n`,
  );
});

test('without notify-send another desktop program is used, and without any an error is reported', async () => {
  await using dir = await tempDir();
  const channel = desktopChannel({ env: { PATH: dir.path } });
  await expect(channel.send(DONE, running)).rejects.toMatchObject({ args: { retry: 'never' } });
  await fakeProgram(dir.path, 'osascript');
  await channel.send(DONE, running);
  expect(await readFile(join(dir.path, 'called'), 'utf8')).toContain(
    `end run\n${DONE.title}\n${DONE.body}\n`,
  );
  await fakeProgram(dir.path, 'notify-send', 1);
  await expect(channel.send(DONE, running)).rejects.toMatchObject({ args: { retry: 'later' } });
});
