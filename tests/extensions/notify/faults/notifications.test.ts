import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watch } from '../../../core/faults/watch-rig.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { startRig } from '../../../support/session-rig.ts';
import { endOfWorker, killSupervisors, noticedBy, supervisorPids } from '../../../support/supervisors.ts';
import { TelegramStub } from '../../../support/telegram-stub.ts';

test(
  'a supervisor that dies between a send and its record sends it once more, marked as a repeat',
  ci,
  async () => {
    await using hook = await hookServer();
    const crashed = join(tmpdir(), `samocode-crashed-${randomUUID()}`);
    await using rig = await startRig({
      supervised: true,
      faults: true,
      scenario: { rules: [] },
      files: { 'home/.config/samocode/.env': `NOTIFY_WEBHOOK_URL=${hook.url}\n` },
      firstEnv: { SAMOCODE_CRASH_AT: 'notification-sent', SAMOCODE_CRASHED_FILE: crashed },
    });
    await rig.untilWaiting('qa_answers', { leaveDead: true });
    await endOfWorker(rig);
    const isGone = async () => (await supervisorPids(rig.repo.homeDir)).length === 0;
    await eventually(async () => (await readFile(crashed, 'utf8')) === 'notification-sent', {
      what: 'its death',
    });
    await eventually(isGone, { what: 'its end' });
    await watch(rig);
    await eventually(async () => hook.accepted.length === 2, { what: 'the repeat' });
    const [first, again] = hook.accepted.map(({ notifications }) => notifications[0]);
    expect(first?.maybeRepeated).toBeUndefined();
    expect(again).toEqual({ ...first, maybeRepeated: true });
    await rm(crashed);
  },
);

test('changes during a full disk are sent once after it is freed', async () => {
  await using hook = await hookServer();
  await using rig = await startRig({
    supervised: true,
    faults: true,
    scenario: { rules: [] },
    files: { 'home/.config/samocode/.env': `NOTIFY_WEBHOOK_URL=${hook.url}\n` },
  });
  await rig.untilWaiting('qa_answers', { leaveDead: true });
  await endOfWorker(rig);
  await eventually(async () => hook.ids().length === 1, { what: 'the questions' });
  await killSupervisors(rig.repo.homeDir);
  const isFull = join(tmpdir(), `samocode-full-${randomUUID()}`);
  await watch(rig, { SAMOCODE_FAIL_AT: '*:ENOSPC', SAMOCODE_FAIL_WHILE: isFull });
  await eventually(async () => (await supervisorPids(rig.repo.homeDir)).length === 1, {
    what: 'the next notification',
  });
  await writeFile(isFull, '');
  try {
    await rig.answer();
    await rig.untilWaiting('plan_approval', { leaveDead: true });
    expect(hook.ids()).toHaveLength(1);
  } finally {
    await rm(isFull, { force: true });
  }
  await eventually(async () => hook.ids().length === 2, { what: 'the plan' });
  expect(await noticedBy(rig)).toEqual(hook.ids());
});

test('a supervisor that dies between a send and its record repeats the messages once, marked, and both are settled', async () => {
  await using stub = await TelegramStub.start();
  const crashed = join(tmpdir(), `samocode-crashed-${randomUUID()}`);
  await using rig = await startRig({
    supervised: true,
    faults: true,
    scenario: { rules: [] },
    files: { 'home/.config/samocode/.env': stub.env },
    firstEnv: { SAMOCODE_CRASH_AT: 'notification-sent', SAMOCODE_CRASHED_FILE: crashed },
  });
  await rig.untilWaiting('qa_answers', { leaveDead: true });
  await endOfWorker(rig);
  await eventually(async () => (await readFile(crashed, 'utf8')) === 'notification-sent', {
    what: 'its death',
  });
  await eventually(async () => (await supervisorPids(rig.repo.homeDir)).length === 0, { what: 'its end' });
  const before = stub.messages.length;
  await watch(rig);
  await eventually(async () => stub.messages.length === 2 * before, { what: 'the repeat' });
  const titles = stub.messages.map(({ text }) => text.split('\n')[0] ?? '');
  expect(titles.filter((title) => title.includes('may have been sent before'))).toHaveLength(1);
  // A button of the first messages works too, and all of them lose their buttons.
  const first = stub.messages.find(({ buttons }) => buttons.length > 0);
  if (first !== undefined) stub.press(first, '★');
  await eventually(
    async () => stub.messages.slice(0, 2 * before).every(({ buttons }) => buttons.length === 0),
    {
      what: 'messages without buttons',
    },
  );
  expect((await rig.events()).filter(({ type }) => type === 'answers_recorded')).toHaveLength(1);
  await rm(crashed);
});
