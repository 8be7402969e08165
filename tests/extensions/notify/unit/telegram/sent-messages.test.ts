import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { openSentMessages } from '../../../../../src/extensions/notify/telegram/sent-messages.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

test('concurrent changes all reach the file, so that no update is handled twice after a crash', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'telegram.json');
  const sent = openSentMessages(systemClock, path);
  const onDisk = async () => JSON.parse(await readFile(path, 'utf8')).offset as number;
  const changes = Array.from({ length: 200 }, async (_, at) => {
    await sent.change((state) => {
      state.offset = at + 1;
    });
    expect(await onDisk()).toBeGreaterThanOrEqual(at + 1);
  });
  await Promise.all(changes);
  expect(await onDisk()).toBe(200);
});

test('a message of an earlier version about something else is dropped, and the others stay', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'telegram.json');
  const message = {
    key: 'k',
    chat: 1,
    message: 2,
    at: new Date().toISOString(),
    text: '',
    hasDocument: false,
  };
  const sent = ['pick', 'session'].map((kind) => ({ ...message, about: { kind }, buttons: [] }));
  await writeFile(path, JSON.stringify({ v: 1, offset: 7, polledAt: message.at, sent, listed: [] }));
  const read = await openSentMessages(systemClock, path).read();
  expect(read).toMatchObject({ offset: 7, sent: [{ about: { kind: 'session' } }] });
});

test('an invalid file counts as missing', async () => {
  await using dir = await tempDir();
  const sent = openSentMessages(systemClock, dir.path);
  expect(await sent.read()).toMatchObject({ offset: 0, sent: [] });
});
