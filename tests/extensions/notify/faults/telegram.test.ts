import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watch } from '../../../core/faults/watch-rig.ts';
import { eventually } from '../../../support/eventually.ts';
import { startRig } from '../../../support/session-rig.ts';
import { endOfWorker, supervisorPids } from '../../../support/supervisors.ts';
import { TelegramStub } from '../../../support/telegram-stub.ts';

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
