import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { identityAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { Notification } from '../../../../src/extensions/notify/notice/notification.ts';
import { listenToTelegram } from '../../../../src/extensions/notify/telegram/listen.ts';
import { openSentMessages } from '../../../../src/extensions/notify/telegram/sent-messages.ts';
import type { TelegramChannel } from '../../../../src/extensions/notify/telegram/telegram-channel.ts';
import { telegramFiles } from '../../../../src/extensions/notify/telegram/telegram-settings.ts';
import { eventually } from '../../../support/eventually.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { type ChatMessage, TelegramStub } from '../../../support/telegram-stub.ts';
import { telegramChannel } from '../unit/telegram/samples.ts';

/** A session, its user's chat, and the bot that reads the chat. */
export interface PhoneRig extends AsyncDisposable {
  rig: SessionRig;
  stub: TelegramStub;
  /** By the settings as they are now. */
  channel: () => TelegramChannel;
  /** Lines that the supervisor would log. */
  said: string[];
  /** Sends the notification of the current wait. */
  notify(given?: Partial<Notification>): Promise<void>;
  /** Waits for a message that contains this text. */
  message(words: string): Promise<ChatMessage>;
  /** Waits for an answer to a button press that contains this text. */
  answered(words: string): Promise<unknown>;
}

export async function phoneRig(plan: RigPlan = {}, env = ''): Promise<PhoneRig> {
  const stub = await TelegramStub.start();
  const rig = await startRig(plan);
  const { homeDir } = rig.repo;
  await mkdir(join(homeDir, '.config/samocode'), { recursive: true });
  await writeFile(join(homeDir, '.config/samocode/.env'), `${stub.env}${env}`);
  const context = rig.context();
  const files = telegramFiles(supervisorPaths(homeDir, context.host));
  await mkdir(join(files.state, '..'), { recursive: true });
  const sent = openSentMessages(context.clock, files.state);
  let channel = await telegramChannel(context, sent);
  const said: string[] = [];
  const ended = new AbortController();
  const listen = async () => {
    while (!ended.signal.aborted) {
      const before = identityAt(join(homeDir, '.config/samocode/.env'));
      const isCurrent = async () => identityAt(join(homeDir, '.config/samocode/.env')) === before;
      const place = { context, setUpPath: files.setUp, isCurrent, say: (text: string) => said.push(text) };
      await listenToTelegram({ chat: channel.chat, ...place }, ended.signal);
      channel = await telegramChannel(context, sent);
    }
  };
  const listening = listen();
  return {
    rig,
    stub,
    channel: () => channel,
    said,
    notify: async (given) => channel.send({ ...(await notificationOf(rig)), ...given }, ended.signal),
    message: (words) => eventually(async () => stub.message(words), { what: `a message "${words}"` }),
    answered: (words) =>
      eventually(async () => stub.answers.some((text) => text.includes(words)), {
        what: `an answer "${words}"; said: ${said}; calls: ${stub.calls.map(({ method }) => method)}`,
      }),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await listening;
      await rig[Symbol.asyncDispose]();
      await stub[Symbol.asyncDispose]();
    },
  };
}

async function notificationOf(rig: SessionRig): Promise<Notification> {
  const { state, paths } = await rig.view();
  const { folder: session, sessionsDir, id } = rig.file;
  const head = {
    id: `${id}:${state.n}`,
    at: new Date().toISOString(),
    kind: 'waiting' as const,
    needsPerson: true,
    session,
    sessionsDir,
    project: 'boats',
    title: `${session} waits`,
    body: '',
  };
  const { status } = state;
  if (status.kind === 'waiting' && status.for === 'plan_approval') {
    const { name, hash } = await readPlan({ session }, rig.context());
    return { ...head, plan: { name, hash, path: join(paths.sessionDir, name), summary: 'The plan' } };
  }
  const { questions } = await readQa({ session }, rig.context());
  return { ...head, questions: questions.filter(({ isOpen }) => isOpen) };
}
