import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import { readNotifySettings } from '../../../../../src/extensions/notify/channels/notify-settings.ts';
import type { Notification } from '../../../../../src/extensions/notify/notice/notification.ts';
import {
  openSentMessages,
  type SentMessages,
} from '../../../../../src/extensions/notify/telegram/sent-messages.ts';
import { TelegramChannel } from '../../../../../src/extensions/notify/telegram/telegram-channel.ts';
import { telegramSettings } from '../../../../../src/extensions/notify/telegram/telegram-settings.ts';
import { TelegramStub } from '../../../../support/telegram-stub.ts';
import { type TempDir, tempDir } from '../../../../support/temp-dir.ts';

export const NOTIFICATION: Notification = {
  id: '01KEE000000000000000000001:7',
  at: '2026-01-08T12:00:00.000Z',
  kind: 'blocked',
  needsPerson: true,
  offers: ['resume'],
  session: '26-01-08-boats',
  sessionsDir: '/nowhere',
  project: 'harbour',
  title: '26-01-08-boats is blocked and needs you',
  body: 'A <b>tag</b> & more',
};

export const QUESTIONS = [
  {
    id: 'Q1',
    round: 1,
    number: 1,
    text: 'Which <token>?',
    options: [
      { letter: 'A', text: 'JWT & friends' },
      { letter: 'B', text: `Opaque ${'x'.repeat(80)}` },
    ],
    suggestion: { letters: ['A'], reason: 'It is usual.' },
  },
  {
    id: 'Q2',
    round: 1,
    number: 2,
    text: 'Which boats?',
    options: [
      { letter: 'A', text: 'Red' },
      { letter: 'B', text: 'Blue' },
      { letter: 'C', text: 'Green' },
    ],
    suggestion: { letters: ['A', 'C'], reason: '' },
  },
];

/** Of a home without a bot. */
const NONE = { token: '', chat: '', users: [], apiRoot: '', isBrief: false };

/** The channel that the settings configure. */
export async function telegramChannel(
  { env, home, clock }: Pick<ActionContext, 'env' | 'home' | 'clock'>,
  sent: SentMessages,
): Promise<TelegramChannel> {
  const settings = telegramSettings((await readNotifySettings(env, home)).settings);
  return new TelegramChannel(settings ?? NONE, { clock, sent });
}

export interface Scene extends AsyncDisposable {
  stub: TelegramStub;
  dir: TempDir;
  context: ActionContext;
  channel: TelegramChannel;
  statePath: string;
}

/** A home folder with a bot and its chat, and a Bot API server that knows them. */
export async function telegramScene(env?: string): Promise<Scene> {
  const dir = await tempDir();
  const stub = await TelegramStub.start();
  await mkdir(join(dir.path, '.config/samocode'), { recursive: true });
  await writeFile(join(dir.path, '.config/samocode/.env'), env ?? stub.env);
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: {},
    home: dir.path,
    cwd: dir.path,
    by: { channel: 'cli' },
    programs: { worker: 'worker.cjs', rehearsal: 'rehearsal.cjs' },
  };
  const statePath = join(dir.path, 'telegram.json');
  return {
    stub,
    dir,
    context,
    statePath,
    channel: await telegramChannel(context, openSentMessages(systemClock, statePath)),
    async [Symbol.asyncDispose]() {
      await stub[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}
