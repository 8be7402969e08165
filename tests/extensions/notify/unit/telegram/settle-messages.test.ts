import { appendFile, mkdir, rename, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { questionHash } from '../../../../../src/core/session/documents/qa.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { Scan } from '../../../../../src/core/supervisor/scan.ts';
import { MessageSettler } from '../../../../../src/extensions/notify/telegram/settle-messages.ts';
import { TelegramChannel } from '../../../../../src/extensions/notify/telegram/telegram-channel.ts';
import { ASKING, CREATED, eventLines, PREPARED } from '../../../../core/unit/session/events.ts';
import { REFUSALS } from '../../../../support/telegram-stub.ts';
import { outboxScene } from '../outbox-scene.ts';
import { NOTIFICATION, QUESTIONS, telegramScene } from './samples.ts';

const ASKED: NewEvent[] = [CREATED, PREPARED, ASKING];
const [Q1, Q2] = QUESTIONS.map((question) => ({ id: question.id, question: questionHash(question) }));

function answered(...given: (typeof Q1)[]): NewEvent {
  const answers = given.flatMap((one) => (one ? [{ ...one, text: 'A' }] : []));
  const open = ['Q1', 'Q2'].filter((id) => !answers.some((one) => one.id === id));
  return { type: 'answers_recorded', by: { channel: 'cli' }, answers, open };
}

/** A session that asks two questions, which were sent; `settle` is a scan of a restarted supervisor. */
async function asked({ isBrief = false } = {}) {
  const telegram = await telegramScene();
  const here = await outboxScene();
  const { settings, sent } = telegram.channel.chat;
  const { clock } = here.supervisor;
  const channel = new TelegramChannel({ ...settings, isBrief }, { clock, sent });
  const paths = await here.session('s', { events: ASKED, startMs: here.startMs });
  const scan = new Scan(here.supervisor);
  await scan.read();
  const { since: at } = [...scan.sessions.values()][0]?.view.state.status ?? expect.fail('no session');
  const about = { id: 's:3', kind: 'waiting', at, session: 's', sessionsDir: paths.sessionsDir } as const;
  const { signal } = new AbortController();
  await channel.send({ ...NOTIFICATION, ...about, questions: QUESTIONS }, signal);
  const settler = new MessageSettler(clock, (_, error) => expect.fail(`${error}`), signal);
  return {
    ...{ stub: telegram.stub, clock, paths },
    addSession: () => here.session('other', { events: ASKED, startMs: here.startMs }),
    record: (event: NewEvent) =>
      appendFile(
        paths.events,
        eventLines([...ASKED, event], here.startMs)
          .split('\n')
          .slice(3)
          .join('\n'),
      ),
    async settle() {
      await scan.read();
      settler.start(channel.chat, scan.sessions);
      await settler.rest();
    },
    /** The first line of each message, and whether it has buttons. */
    shown: () =>
      telegram.stub.messages.map(({ text, buttons }) => [text.split('\n')[0], buttons.length > 0] as const),
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]();
      await telegram[Symbol.asyncDispose]();
    },
  };
}

test('a question that was answered elsewhere loses its buttons and says by whom; the others keep theirs', async () => {
  await using here = await asked();
  await here.settle();
  expect(here.shown().map(([, hasButtons]) => hasButtons)).toEqual([true, true, true]);
  await here.record(answered(Q1));
  await here.settle();
  const [first, one, two] = here.shown();
  expect(one).toEqual(['✔ Answered by a person, in the terminal: Q1 A', false]);
  expect([first?.[1], two?.[1]]).toEqual([true, true]);
  const calls = here.stub.calls.length;
  await here.settle();
  expect(here.stub.calls).toHaveLength(calls);
});

test('once nothing is asked, every message says how, also if its own question was not answered', async () => {
  await using here = await asked();
  await here.record({ type: 'stopped', by: { channel: 'cli' }, why: 'enough' });
  await here.settle();
  for (const [line, hasButtons] of here.shown()) {
    expect(line).toMatch(/^✔ .*topped by a person, in the terminal/);
    expect(hasButtons).toBe(false);
  }
});

test('with NOTIFY_DETAIL=titles a settled message does not say what was answered', async () => {
  await using here = await asked({ isBrief: true });
  await here.record(answered(Q1, Q2));
  await here.settle();
  expect(here.shown().slice(1)).toEqual([
    ['✔ It no longer needs you.', false],
    ['✔ It no longer needs you.', false],
  ]);
});

test('messages of a removed session are settled, but not while its disk is away', async () => {
  await using here = await asked();
  const { sessionsDir, sessionDir, runDir } = here.paths;
  await rename(sessionsDir, `${sessionsDir}-away`);
  await here.settle();
  expect(here.shown().every(([, hasButtons]) => hasButtons)).toBe(true);
  await mkdir(sessionsDir);
  await here.settle();
  expect(here.shown().every(([, hasButtons]) => hasButtons)).toBe(true);
  await rm(sessionsDir, { recursive: true });
  await rename(`${sessionsDir}-away`, sessionsDir);
  await here.addSession();
  await rm(runDir, { recursive: true });
  await rm(sessionDir, { recursive: true });
  await here.settle();
  expect(new Set(here.shown().map(([line]) => line))).toEqual(new Set(['✔ The session was removed.']));
});

test('a message that the bot may not change holds up no other, and is not tried again', async () => {
  await using here = await asked();
  await here.record(answered(Q1, Q2));
  here.stub.refuse('editMessageText', REFUSALS.blocked);
  await here.settle();
  expect(here.shown().map(([, hasButtons]) => hasButtons)).toEqual([true, false, false]);
  const edits = here.stub.calls.length;
  await here.settle();
  expect(here.stub.calls).toHaveLength(edits);
});

test('an edit that Telegram delays is made later, and a message that the person has deleted is left', async () => {
  await using here = await asked();
  await here.record(answered(Q1, Q2));
  here.stub.refuse('editMessageText', REFUSALS.slowDown(7));
  await here.settle();
  expect(here.shown().every(([, hasButtons]) => hasButtons)).toBe(true);
  here.stub.messages.splice(1, 1);
  here.clock.pass(7000);
  await here.settle();
  const edits = here.stub.calls.length;
  here.clock.pass(60_000);
  await here.settle();
  expect(here.stub.calls).toHaveLength(edits);
  expect(here.shown().at(-1)?.[0]).toBe('✔ Answered by a person, in the terminal: Q2 A');
});
