import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Scan } from '../../../../../src/core/supervisor/scan.ts';
import { NOTIFY_PARTS } from '../../../../../src/extensions/notify/notifier.ts';
import { BLOCKED, CREATED, PREPARED } from '../../../../core/unit/session/events.ts';
import { eventually } from '../../../../support/eventually.ts';
import type { TelegramStub } from '../../../../support/telegram-stub.ts';
import { more, outboxScene } from '../../unit/outbox-scene.ts';
import { telegramScene } from '../../unit/telegram/samples.ts';

const settingsOf = (stub: TelegramStub) =>
  Object.fromEntries(
    stub.env.split('\n').flatMap((line) => (line ? [line.split('=') as [string, string]] : [])),
  );

test('settings that cannot be read end nothing; by those that allow another user, the same update is judged', async () => {
  await using telegram = await telegramScene();
  await using here = await outboxScene();
  const { stub } = telegram;
  stub.addChat(-100, 'group');
  const env = (users: string) => ({
    ...settingsOf(stub),
    ...{ TELEGRAM_CHAT_ID: '-100', TELEGRAM_USERS: users },
  });
  await here.settings(env('7'));
  const path = join(here.supervisor.home, '.config/samocode/.env');
  const [newPart = expect.fail('no part')] = NOTIFY_PARTS;
  const part = newPart(here.supervisor, new Scan(here.supervisor));
  const polls = () => stub.calls.filter(({ method }) => method === 'getUpdates').length;
  const help = () => stub.say('/help', { chat: -100, from: { id: 7 } });
  try {
    await part.poll();
    await eventually(async () => polls() === 1);
    await rm(path);
    await mkdir(path);
    help();
    // The listener has left the update, as settings that cannot be read permit nothing.
    for (let round = 0; round < 3; round += 1) await part.poll();
    expect(stub.messages).toEqual([]);
    await rm(path, { recursive: true });
    await here.settings(env('8'));
    await eventually(async () => {
      await part.poll();
      return stub.message('You are not in TELEGRAM_USERS');
    });
    expect(stub.messages).toHaveLength(1);
  } finally {
    await part.end();
  }
});

test('what was decided in the terminal is settled on the phone', async () => {
  await using telegram = await telegramScene();
  await using here = await outboxScene();
  const { stub } = telegram;
  await here.settings(settingsOf(stub));
  const all = [CREATED, PREPARED, BLOCKED];
  const paths = await here.session('s', { events: all, startMs: here.startMs });
  const scan = new Scan(here.supervisor);
  const [newPart = expect.fail('no part')] = NOTIFY_PARTS;
  const part = newPart(here.supervisor, scan);
  const polledUntil = (isSo: () => boolean) =>
    eventually(async () => {
      await scan.read();
      await part.poll();
      return isSo();
    });
  try {
    await polledUntil(() => stub.messages.some(({ buttons }) => buttons.length > 0));
    const stopped = { type: 'stopped', by: { channel: 'cli' }, why: 'enough' } as const;
    await more(paths, [...all, stopped], 3, here.startMs);
    await polledUntil(() => stub.messages.every(({ buttons }) => buttons.length === 0));
    expect(stub.messages.at(-1)?.text).toContain('a person, in the terminal');
  } finally {
    await part.end();
  }
});
