import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NOTIFY_ERRORS } from '../../../../../src/extensions/notify/channels/channel.ts';
import { TelegramChannel } from '../../../../../src/extensions/notify/telegram/telegram-channel.ts';
import { ME, REFUSALS, TOKEN } from '../../../../support/telegram-stub.ts';
import { NOTIFICATION, QUESTIONS, telegramScene } from './samples.ts';

const { signal } = new AbortController();
const WAITING = { ...NOTIFICATION, kind: 'waiting' as const, title: '26-01-08-boats waits for 2 answers' };

test('a notification arrives with its title and body, and nothing in it becomes markup', async () => {
  await using scene = await telegramScene();
  await scene.channel.send(NOTIFICATION, signal);
  const [message] = scene.stub.messages;
  expect(message?.html).toBe(true);
  expect(message?.text).toBe(`${NOTIFICATION.title}\nA <b>tag</b> & more`);
  expect(message?.buttons.flat().map(({ text }) => text)).toEqual(['Status', 'Resume']);
});

test('each question is a message with its options as buttons, and the suggestion is marked', async () => {
  await using scene = await telegramScene();
  await scene.channel.send({ ...WAITING, questions: QUESTIONS }, signal);
  const { messages } = scene.stub;
  expect(
    messages.map(({ text, buttons }) => [text, buttons.flat().map((button) => button.text)]),
  ).toMatchSnapshot();
  const data = messages.flatMap(({ buttons }) => buttons.flat().map((button) => button.callback_data));
  expect(Math.max(...data.map((each) => Buffer.byteLength(each)))).toBeLessThanOrEqual(64);
});

test('a single question comes with the title', async () => {
  await using scene = await telegramScene();
  await scene.channel.send({ ...WAITING, questions: QUESTIONS.slice(0, 1) }, signal);
  expect(scene.stub.messages).toHaveLength(1);
  expect(scene.stub.messages[0]?.text).toMatch(/waits for 2 answers\n\nQ1: Which <token>\?/);
});

test.each([
  ['one long line', 'word '.repeat(1900)],
  ['many lines', 'a line of the question\n'.repeat(420)],
])('a question of %s is whole before its buttons, which only its last message has', async (_what, text) => {
  await using scene = await telegramScene();
  const questions = QUESTIONS.slice(0, 1).map((question) => ({ ...question, text: `${text}END` }));
  await scene.channel.send({ ...WAITING, questions }, signal);
  const { messages } = scene.stub;
  expect(messages.length).toBeGreaterThan(1);
  const whole = messages.map(({ text: part }) => part).join('\n');
  expect(whole.match(/word|a line of the question/g)?.length).toBeGreaterThanOrEqual(420);
  expect(whole).toContain('END');
  expect(messages.slice(0, -1).flatMap(({ buttons }) => buttons)).toEqual([]);
  expect(messages.at(-1)?.buttons.length).toBeGreaterThan(0);
});

test('a question that is too long for the phone is cut with a mark', async () => {
  await using scene = await telegramScene();
  const questions = QUESTIONS.slice(0, 1).map((question) => ({ ...question, text: 'x'.repeat(90_000) }));
  await scene.channel.send({ ...WAITING, questions }, signal);
  const { messages } = scene.stub;
  expect(messages.length).toBeLessThan(8);
  expect(messages.at(-1)?.text).toContain('(cut here: samocode answer shows the whole question)');
});

test('a plan comes as a document with its version, and buttons below it', async () => {
  await using scene = await telegramScene();
  const path = join(scene.dir.path, 'plan.md');
  await writeFile(path, '# Plan <x>\n');
  const plan = { name: '01-08-plan.md', path, hash: 'abcdef0123456789', summary: 'Boats\n1. Names' };
  await scene.channel.send({ ...WAITING, plan }, signal);
  const [summary, document] = scene.stub.messages;
  expect(summary?.text).toContain('1. Names');
  expect(document?.document).toEqual({ name: '01-08-plan.md', text: '# Plan <x>\n' });
  // The name alone would be a link, since .md is a domain too.
  expect(document?.text).toBe('01-08-plan.\u2060md, version abcdef01');
  expect(document?.buttons.flat().map(({ text }) => text)).toEqual(['Approve the plan', 'Request changes']);
});

test('a long text is split, and rejected markup is sent again as plain text', async () => {
  await using scene = await telegramScene();
  const description = "Bad Request: can't parse entities: Unsupported start tag";
  scene.stub.refuse('sendMessage', { error_code: 400, description });
  const body = Array.from({ length: 400 }, (_, at) => `line ${at} <& ${'x'.repeat(20)}`).join('\n');
  await scene.channel.send({ ...NOTIFICATION, body }, signal);
  const { messages } = scene.stub;
  expect(messages.map(({ html }) => html)).toEqual([false, true, true, true]);
  expect(messages.map(({ text }) => text).join('\n')).toBe(`${NOTIFICATION.title}\n${body}`);
  expect(messages.map(({ buttons }) => buttons.length)).toEqual([0, 0, 0, 1]);
});

test('a possible repeat says so', async () => {
  await using scene = await telegramScene();
  await scene.channel.send({ ...NOTIFICATION, maybeRepeated: true }, signal);
  expect(scene.stub.messages[0]?.text).toContain(`${NOTIFICATION.title} (may have been sent before)\n`);
});

const refusals = [
  ['429', 'slow down', REFUSALS.slowDown(7), { retry: 'later', retryAfterMs: 7000 }],
  ['403', 'blocked', REFUSALS.blocked, { retry: 'never', why: expect.stringContaining('may not write') }],
  ['502', 'in trouble', REFUSALS.badGateway, { retry: 'later', why: 'Telegram cannot be reached.' }],
  [
    '400',
    'unknown chat',
    { error_code: 400, description: 'Bad Request: chat not found' },
    { retry: 'never' },
  ],
  ['400', 'anything else', { error_code: 400, description: 'Bad Request: BUTTON' }, { retry: 'never' }],
] as const;

test.each(refusals)(
  'an error with status %s (%s) says whether a retry can help',
  async (_status, _name, refusal, args) => {
    await using scene = await telegramScene();
    scene.stub.refuse('sendMessage', refusal);
    const error = await scene.channel.send(NOTIFICATION, signal).catch((thrown: unknown) => thrown);
    expect(NOTIFY_ERRORS.undelivered.is(error) && error.args).toMatchObject(args);
  },
);

test('messages sent before a failed one are not sent again', async () => {
  await using scene = await telegramScene();
  const notification = { ...WAITING, questions: QUESTIONS };
  const send = () => scene.channel.send(notification, signal);
  scene.stub.failAfter('sendMessage', 1, REFUSALS.slowDown(1));
  await expect(send()).rejects.toThrow('Telegram limits how much the bot may send');
  await send();
  expect(scene.stub.messages).toHaveLength(3);
});

test('a question that was not sent is sent by the retry, also if another one has been answered since', async () => {
  await using scene = await telegramScene();
  scene.stub.failAfter('sendMessage', 2, REFUSALS.slowDown(1));
  const send = (questions: typeof QUESTIONS) => scene.channel.send({ ...WAITING, questions }, signal);
  await expect(send(QUESTIONS)).rejects.toThrow('Telegram limits');
  expect(scene.stub.messages.map(({ text }) => text).join()).not.toContain('Which boats?');
  await send(QUESTIONS.slice(1));
  expect(scene.stub.messages.at(-1)?.text).toContain('Which boats?');
  expect(scene.stub.messages.filter(({ text }) => text.includes('Which <token>?'))).toHaveLength(1);
});

test.each([
  ['a wrong token', `1:${'w'.repeat(30)}`],
  ['a token of an invalid form', 'nonsense'],
])('%s is reported without being shown, and is not retried', async (_name, token) => {
  await using scene = await telegramScene();
  const { settings, sent } = scene.channel.chat;
  const channel = new TelegramChannel({ ...settings, token }, { clock: scene.context.clock, sent });
  const error = await channel.send(NOTIFICATION, signal).catch((thrown: unknown) => thrown);
  expect(NOTIFY_ERRORS.undelivered.is(error) && error.args.retry).toBe('never');
  expect(String(error)).toContain('TELEGRAM_BOT_TOKEN');
  expect(everythingIn(error)).not.toMatch(/w{30}|nonsense/);
});

test('an unreachable network is retried, and the error contains no token', async () => {
  await using scene = await telegramScene(
    `TELEGRAM_BOT_TOKEN=${TOKEN}\nTELEGRAM_CHAT_ID=${ME.id}\nTELEGRAM_API_ROOT=http://127.0.0.1:1\n`,
  );
  const error = await scene.channel.send(NOTIFICATION, signal).catch((thrown: unknown) => thrown);
  expect(NOTIFY_ERRORS.undelivered.is(error) && error.args.retry).toBe('later');
  expect(everythingIn(error)).not.toContain(TOKEN);
});

function everythingIn(error: unknown): string {
  const seen: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause)
    seen.push(`${each.stack} ${JSON.stringify(each)}`);
  return seen.join('\n');
}
