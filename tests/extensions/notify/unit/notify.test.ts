import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { muteSession } from '../../../../src/extensions/notify/mute-session.act.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { makeProject } from '../../../support/project.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function settings(home: string, lines: string): Promise<void> {
  await mkdir(join(home, '.config/samocode'), { recursive: true });
  await writeFile(join(home, '.config/samocode/.env'), lines);
}

test('without a channel, notify lists the settings, and a test fails', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  const shown = await typed(['notify'], place);
  expect(shown.stdout).toContain('NOTIFY_WEBHOOK_URL');
  expect(shown.exitCode).toBe(0);
  expect((await typed(['notify', 'test'], place)).exitCode).toBe(1);
});

test('a test is sent through each channel, with one line each', async () => {
  await using repo = await makeRepo();
  await using hook = await hookServer();
  await settings(repo.homeDir, `NOTIFY_WEBHOOK_URL=${hook.url}\nNOTIFY_COMMAND=exit 4\n`);
  const { stdout, exitCode } = await typed(['notify', 'test'], { cwd: repo.path, home: repo.homeDir });
  expect(stdout).toBe('✔ webhook: sent\n✘ command: The command ended with status 4.\n');
  expect(exitCode).toBe(1);
  expect(hook.accepted[0]?.notifications[0]?.title).toContain('test notification');
});

test('a format that went is an error of every look at the channels, and nothing is posted', async () => {
  await using repo = await makeRepo();
  await using hook = await hookServer();
  await settings(repo.homeDir, `NOTIFY_WEBHOOK_URL=${hook.url}\nNOTIFY_WEBHOOK_FORMAT=ntfy\n`);
  const place = { cwd: repo.path, home: repo.homeDir };
  const listed = await typed(['notify'], place);
  expect(listed.stdout).toContain('NOTIFY_WEBHOOK_FORMAT is not a setting any more.');
  const tried = await typed(['notify', 'test'], place);
  expect(tried.stdout).toContain('✘ webhook: NOTIFY_WEBHOOK_FORMAT is not a setting any more.');
  expect([listed.exitCode, tried.exitCode]).toEqual([1, 1]);
  expect(hook.posts).toEqual([]);
  await settings(repo.homeDir, `NOTIFY_WEBHOOK_URL=${hook.url}\nNOTIFY_WEBHOOK_FORMAT=json\n`);
  expect((await typed(['notify', 'test'], place)).stdout).toBe('✔ webhook: sent\n');
});

test('a test from inside a session is refused', async () => {
  await using repo = await makeRepo();
  await using hook = await hookServer();
  await settings(repo.homeDir, `NOTIFY_WEBHOOK_URL=${hook.url}\n`);
  const place = {
    cwd: repo.path,
    home: repo.homeDir,
    env: { SAMOCODE_SESSION: '01KEE000000000000000000001' },
  };
  expect((await typed(['notify', 'test'], place)).exitCode).toBe(1);
  expect(hook.posts).toEqual([]);
});

test('a channel that fails is shown by notify, doctor and supervisor --status', async () => {
  await using repo = await makeRepo();
  await settings(repo.homeDir, 'NOTIFY_WEBHOOK_URL=http://127.0.0.1:1/\nNOTIFY_QUIET=at night\n');
  const { outbox } = supervisorPaths(repo.homeDir, await systemHost());
  await mkdir(dirname(outbox), { recursive: true });
  const since = '2026-01-08T10:00:00.000Z';
  const failing = { since, why: 'The server answered 500.' };
  await writeFile(outbox, JSON.stringify({ v: 1, channels: { webhook: { failing, givenUp: 3 } } }));
  const words = `Notifications by webhook have failed since ${since}: The server answered 500. The oldest 3 will not be sent.`;
  const place = { cwd: repo.path, home: repo.homeDir };
  for (const argv of [['notify'], ['doctor'], ['supervisor', '--status']])
    expect((await typed(argv, place)).stdout.replace(/\s+/g, ' ')).toContain(words);
  expect((await typed(['notify'], place)).stdout).toContain('NOTIFY_QUIET');
});

test('a session is muted and unmuted, and never from inside one', async () => {
  const { repo, context, sessionsDir } = await makeProject();
  await using _repo = repo;
  const paths = sessionPaths(sessionsDir, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED, ASKING]);
  const { muted } = supervisorPaths(context.home, context.host);
  await muteSession({ session: 'x', isMuted: true }, context);
  await muteSession({ session: 'x', isMuted: true }, context);
  expect(await readdir(muted)).toEqual(['01KEE000000000000000000000.json']);
  const inside = { ...context, env: { ...context.env, SAMOCODE_SESSION: '01KEE000000000000000000000' } };
  await expect(muteSession({ session: 'x', isMuted: false }, inside)).rejects.toMatchObject({
    code: 'inside_session',
  });
  await muteSession({ session: 'x', isMuted: false }, context);
  expect(await readdir(muted)).toEqual([]);
});
