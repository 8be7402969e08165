import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notifyChecks } from '../../../../../src/extensions/notify/notify-checks.ts';
import { type SetUp, setUpTelegram } from '../../../../../src/extensions/notify/telegram/set-up-telegram.ts';
import { ME } from '../../../../support/telegram-stub.ts';
import { type Scene, telegramScene } from './samples.ts';

const { signal } = new AbortController();

function setUpOf({ stub, dir, context }: Scene, show: SetUp['show']): SetUp {
  const setUpPath = join(dir.path, 'telegram.set-up');
  return { token: stub.token, apiRoot: stub.url, home: dir.path, clock: context.clock, setUpPath, show };
}

test('the chat that sends the code is saved with the token, readable by its user only', async () => {
  await using scene = await telegramScene('# mine\nCLAUDE_MODEL=opus\n');
  const { stub, dir } = scene;
  stub.say('/start 00000000', { from: { id: 666 } });
  const result = await setUpTelegram(
    setUpOf(scene, (bot, code) => {
      expect(bot).toBe('boats_bot');
      stub.say(`/start ${code}`);
    }),
    signal,
  );
  expect(result).toMatchObject({ bot: 'boats_bot', chat: ME.id, isGroup: false });
  const path = join(dir.path, '.config/samocode/.env');
  expect(await readFile(path, 'utf8')).toBe(
    `# mine\nCLAUDE_MODEL=opus\nTELEGRAM_BOT_TOKEN=${stub.token}\nTELEGRAM_CHAT_ID=${ME.id}\n`,
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(stub.messages.map(({ text }) => text)).toEqual([expect.stringContaining('samocode is set up')]);
});

test('in a group, the user who sends the code may act', async () => {
  await using scene = await telegramScene('');
  const { stub, dir } = scene;
  stub.addChat(-100200, 'supergroup');
  await setUpTelegram(
    setUpOf(scene, (_bot, code) => void stub.say(`/start@boats_bot ${code}`, { chat: -100200 })),
    signal,
  );
  const text = await readFile(join(dir.path, '.config/samocode/.env'), 'utf8');
  expect(text).toContain(`TELEGRAM_CHAT_ID=-100200\nTELEGRAM_USERS=${ME.id}\n`);
});

test.each([
  ['a text that is not a token', 'hello there', 'telegram_token_form'],
  ['a token that Telegram rejects', `1:${'w'.repeat(35)}`, 'telegram_refused'],
])('%s is refused, not shown and not written', async (_name, token, code) => {
  await using scene = await telegramScene('');
  const setUp = { ...setUpOf(scene, () => undefined), token };
  const error = await setUpTelegram(setUp, signal).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(JSON.stringify(error) + String(error)).not.toContain(token);
  expect(await readFile(join(scene.dir.path, '.config/samocode/.env'), 'utf8')).toBe('');
});

test('a bot whose messages go to a webhook is refused', async () => {
  await using scene = await telegramScene('');
  scene.stub.webhook = 'https://elsewhere.example';
  await expect(
    setUpTelegram(
      setUpOf(scene, () => undefined),
      signal,
    ),
  ).rejects.toThrow('A webhook is set');
});

test('doctor reports a bot without a chat, and sends nothing', async () => {
  await using scene = await telegramScene(`TELEGRAM_BOT_TOKEN=1:${'n'.repeat(35)}\n`);
  const found = (await notifyChecks(scene.context)).map(({ level, found: words }) => `${level} ${words}`);
  expect(found).toEqual(['warn TELEGRAM_CHAT_ID is not set: nothing is sent.']);
  expect(scene.stub.messages).toEqual([]);
});
