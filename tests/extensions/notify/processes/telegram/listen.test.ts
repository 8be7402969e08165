// @module-tag ci
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listenToTelegram } from '../../../../../src/extensions/notify/telegram/listen.ts';
import { eventually } from '../../../../support/eventually.ts';
import { REFUSALS } from '../../../../support/telegram-stub.ts';
import { NOTIFICATION, type Scene, telegramScene } from '../../unit/telegram/samples.ts';

/** Listens until the scene ends, or until the settings no longer configure this bot. */
function listening({ channel, context, dir }: Scene, isCurrent = async () => true) {
  const said: string[] = [];
  const ended = new AbortController();
  const setUpPath = join(dir.path, 'telegram.set-up');
  const listened = listenToTelegram(
    { chat: channel.chat, context, setUpPath, isCurrent, say: (text) => said.push(text) },
    ended.signal,
  );
  return {
    said,
    setUpPath,
    listened,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await listened;
    },
  };
}

const calls = ({ stub }: Scene, wanted: string) =>
  stub.calls.filter(({ method }) => method === wanted).length;

test('another reader of the bot is reported once, and reading resumes', async () => {
  await using scene = await telegramScene();
  await using one = listening(scene);
  await eventually(async () => calls(scene, 'getUpdates') === 1);
  // The other reader's poll ends samocode's, whose next poll ends the other one.
  const url = `${scene.stub.url}/bot${scene.stub.token}/getUpdates`;
  const other = fetch(url, {
    method: 'POST',
    body: '{"timeout":20}',
    headers: { 'content-type': 'application/json' },
  });
  await eventually(async () => one.said.length > 0);
  expect((await other).status).toBe(409);
  scene.stub.say('/help');
  await eventually(async () => scene.stub.message('/status - all'));
  expect(one.said).toEqual([expect.stringContaining('Another program reads the messages')]);
});

test('a poll respects a requested delay, and messages that arrived in the meantime are handled', async () => {
  await using scene = await telegramScene();
  scene.stub.refuse('getUpdates', REFUSALS.slowDown(1), REFUSALS.badGateway);
  await using one = listening(scene);
  scene.stub.say('/help');
  await eventually(async () => scene.stub.message('/status - all'));
  expect(one.said).toEqual([
    'telegram: Telegram limits how much the bot may send.',
    'telegram: Telegram cannot be reached.',
  ]);
});

test('an update is recorded before it is acted on, so that a crash repeats no action', async () => {
  await using scene = await telegramScene();
  scene.stub.refuse('sendMessage', REFUSALS.blocked);
  const update = scene.stub.say('/help');
  await using one = listening(scene);
  await eventually(async () => one.said.length > 0);
  expect(JSON.parse(await readFile(scene.statePath, 'utf8')).offset).toBe(update + 1);
  expect(one.said).toEqual([expect.stringContaining('may not write to TELEGRAM_CHAT_ID')]);
  expect(scene.stub.messages).toEqual([]);
});

test('during a set-up, or with other settings, no update is read', async () => {
  await using scene = await telegramScene();
  await writeFile(join(scene.dir.path, 'telegram.set-up'), '');
  await listening(scene).listened;
  await using other = await telegramScene();
  await listening(other, async () => false).listened;
  expect([...scene.stub.calls, ...other.stub.calls]).toEqual([]);
});

test('an update that arrives as the settings change is left to those who read the new ones', async () => {
  await using scene = await telegramScene();
  let isCurrent = true;
  await using one = listening(scene, async () => isCurrent);
  await eventually(async () => calls(scene, 'getUpdates') === 1);
  isCurrent = false;
  scene.stub.say('/help');
  await one.listened;
  expect(scene.stub.messages).toEqual([]);
  await using _next = listening(scene);
  await eventually(async () => scene.stub.message('/status - all'));
});

test('unknown buttons, and those of another message, have no effect', async () => {
  await using scene = await telegramScene();
  const { stub } = scene;
  await using _one = listening(scene);
  const message = {
    message_id: 1,
    chat: { id: 4711, type: 'private' },
    text: 'x',
    html: false,
    buttons: [],
    edits: 0,
  };
  for (const data of ['', ':', 'AAAAAAAA:approve', `${'x'.repeat(64)}`]) stub.pressData(message, data);
  await eventually(async () => stub.answers.length === 4);
  expect(new Set(stub.answers)).toEqual(new Set(['This message is too old; nothing was done.']));
});

test('updates of other kinds, and invalid ones, delay no others', async () => {
  await using scene = await telegramScene();
  const { stub } = scene;
  await using _one = listening(scene);
  stub.push({ poll: { id: '1' } });
  stub.push({ message: { message_id: 5, date: 1, chat: { id: 4711, type: 'private' }, sticker: {} } });
  stub.push({ callback_query: { id: '1', from: { id: 4711 }, inline_message_id: 'x', data: 'y' } });
  stub.say('/help');
  await eventually(async () => stub.message('/status - all'));
});

test('updates more than an hour old are rejected, and none is processed twice', async () => {
  await using scene = await telegramScene();
  const { stub } = scene;
  await using _one = listening(scene);
  stub.say('/help', { date: Math.floor(Date.now() / 1000) - 3700 });
  await eventually(async () => stub.message('This message is too old'));
  const update = stub.say('/help');
  await eventually(async () => stub.message('/status - all'));
  // The next poll is open: it gets the update again.
  await eventually(async () => calls(scene, 'getUpdates') >= 3);
  stub.pushAgain(update);
  await eventually(async () => calls(scene, 'getUpdates') >= 4);
  stub.say('/status');
  await eventually(async () => stub.message('There are no sessions.'));
  expect(stub.messages).toHaveLength(3);
});

test('a webhook of the bot is reported once while notifications are sent', async () => {
  await using scene = await telegramScene();
  const { stub, channel } = scene;
  stub.webhook = 'https://elsewhere.example';
  await using one = listening(scene);
  stub.say('/help');
  await eventually(async () => one.said.some((text) => text.includes('A webhook is set')));
  await channel.send(NOTIFICATION, new AbortController().signal);
  await eventually(async () => calls(scene, 'getUpdates') > 1);
  expect(stub.messages).toHaveLength(1);
  stub.webhook = '';
  await eventually(async () => stub.message('/status - all'));
  // By then the second refusal has been received.
  expect(one.said).toHaveLength(1);
});
