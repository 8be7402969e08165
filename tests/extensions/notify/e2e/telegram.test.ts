import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeSettings } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import type { SessionRig } from '../../../support/session-rig.ts';
import { ME } from '../../../support/telegram-stub.ts';
import { phoneRig } from './phone.ts';

/** Sessions that wait for answers or for approval of their plan, copied from ones that were prepared once. */
const asking = () => phoneRig({ at: 'asking' });
const planned = () => phoneRig({ at: 'planned' });
const BY_PHONE = { channel: 'phone', client: 'telegram' };

const eventsOf = async (rig: SessionRig, type: string) =>
  (await rig.events()).filter((event) => event.type === type);

test.concurrent(
  'questions are answered by a button and by a reply, and each is recorded as from the phone',
  ci,
  async () => {
    await using phone = await asking();
    const { rig, stub } = phone;
    const { status } = await rig.untilWaiting('qa_answers');
    const ids = status.kind === 'waiting' ? status.openQuestions : [];
    await phone.notify();
    const [first = ''] = ids;
    stub.press(await phone.message(`${first}:`), 'A)');
    await phone.answered(`recording ${first} A`);
    await phone.message(`✔ Recorded: ${first}: A.`);
    for (const id of ids.slice(1)) {
      stub.say('In my own <words> & more', { replyTo: await phone.message(`${id}: `) });
      await phone.message(`✔ Recorded: ${id}: In my own <words> & more`);
    }
    await rig.untilWaiting('plan_approval');
    const recorded = await eventsOf(rig, 'answers_recorded');
    expect(recorded).toHaveLength(ids.length);
    expect(recorded).toMatchObject(ids.map(() => ({ by: BY_PHONE })));
  },
);

test.concurrent('all suggestions are accepted at once, and every message about them is settled', async () => {
  await using phone = await asking();
  const { rig, stub } = phone;
  await rig.untilWaiting('qa_answers');
  await phone.notify();
  stub.press(stub.messages.find(({ buttons }) => buttons.flat().length > 0)!, '★');
  await rig.untilWaiting('plan_approval');
  await eventually(async () => stub.messages.every(({ buttons }) => buttons.length === 0));
  expect(await eventsOf(rig, 'answers_recorded')).toHaveLength(1);
});

test.concurrent('a plan is sent back with text, the old button has no effect, and the next plan is approved', async () => {
  await using phone = await planned();
  const { rig, stub } = phone;
  await rig.untilWaiting('plan_approval');
  await phone.notify();
  const old = await phone.message(', version ');
  expect(old.document?.text).toContain('#');
  stub.press(old, 'Request changes');
  const asks = await phone.message('What should change');
  expect(asks.replyTo).toBe('What should change');
  // As copied from a message, in which file names contain a joiner.
  stub.say('Fewer boats in README.\u2060md; rm -rf / $(touch x)', { replyTo: asks });
  await phone.message('✔ Changes to the plan are requested');
  const [requested] = await eventsOf(rig, 'changes_requested');
  expect(requested).toMatchObject({
    by: BY_PHONE,
    feedback: 'Fewer boats in README.md; rm -rf / $(touch x)',
  });
  await rig.until(({ n, status }) => n > (requested?.n ?? 0) + 3 && status.kind === 'waiting');
  // As if someone had kept the data of the old button.
  stub.pressData(old, old.buttons[0]?.[0]?.callback_data ?? 'AAAAAAAA:approve');
  await eventually(async () => stub.answers.length >= 2);
  expect(await eventsOf(rig, 'plan_approved')).toEqual([]);
  await phone.notify();
  stub.press(await phone.message(', version '), 'Approve');
  await rig.until(({ approvedPlan }) => approvedPlan !== undefined);
  expect(await eventsOf(rig, 'plan_approved')).toMatchObject([{ by: BY_PHONE }]);
});

test.concurrent('a question that was answered elsewhere shows who answered it and what', async () => {
  await using phone = await asking();
  const { rig, stub } = phone;
  await rig.untilWaiting('qa_answers');
  await phone.notify();
  await rig.answer();
  const message = stub.messages.findLast(({ buttons }) => buttons.length > 1)!;
  stub.press(message, 'A)');
  await phone.answered('Answered by a person, in the terminal: Q');
  await eventually(
    async () => message.buttons.length === 0 && message.text.startsWith('✔ Answered by a person'),
  );
  expect(await eventsOf(rig, 'answers_recorded')).toHaveLength(1);
});

test.concurrent('only the configured chat may act; others are ignored and reported once', async () => {
  await using phone = await asking();
  const { rig, stub } = phone;
  await rig.untilWaiting('qa_answers');
  await phone.notify();
  const other = { from: { id: 666 } };
  stub.say('/status', other);
  stub.say('/status', other);
  stub.pressData(
    { ...stub.messages[0]!, chat: { id: 666, type: 'private' } },
    stub.messages.at(-1)!.buttons[0]![0]!.callback_data,
    other,
  );
  // The reply to this shows that the earlier updates were handled.
  stub.say('/help');
  await phone.message('/status - all');
  expect(phone.said.filter((text) => text.includes('666'))).toHaveLength(1);
  expect(stub.messages.every(({ chat }) => chat.id === ME.id)).toBe(true);
  expect((await rig.state()).status.kind).toBe('waiting');
});

test.concurrent('in a group only the named users may act', async () => {
  const GROUP = -100500;
  await using phone = await phoneRig({ at: 'asking' }, `TELEGRAM_CHAT_ID=${GROUP}\n`);
  const { rig, stub } = phone;
  stub.addChat(GROUP, 'group');
  await rig.untilWaiting('qa_answers');
  await phone.notify();
  const message = stub.messages.findLast(({ buttons }) => buttons.length > 1)!;
  stub.press(message, 'A)');
  await phone.answered('TELEGRAM_USERS may act');
  const env = join(rig.repo.homeDir, '.config/samocode/.env');
  await writeFile(env, `${stub.env}TELEGRAM_CHAT_ID=${GROUP}\nTELEGRAM_USERS=@Ada, 99\n`);
  // The current poll still uses the old settings; updates after its answer use the new ones.
  const before = stub.answers.length;
  stub.press(message, 'A)', { from: { id: 5, username: 'eve' } });
  await eventually(async () => stub.answers.length > before);
  stub.press(message, 'A)', { from: { id: 5, username: 'eve' } });
  await phone.answered('You are not in TELEGRAM_USERS');
  stub.press(message, 'A)');
  await phone.answered('recording');
  await eventually(async () => (await eventsOf(rig, 'answers_recorded')).length === 1);
});

test.concurrent('a session is shown by /status, and stopped, resumed and given a message by its messages', async () => {
  await using phone = await phoneRig({
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  const { rig, stub } = phone;
  await rig.until(({ openIteration }) => openIteration !== undefined);
  stub.say('/status');
  const running = await phone.message(`${rig.file.folder} is running`);
  stub.press(running, 'Stop');
  await rig.until(({ stopWanted }) => stopWanted !== undefined);
  stub.say('--limits 5; $(reboot)', { replyTo: running });
  await phone.message('It is stored');
  expect(await eventsOf(rig, 'message_kept')).toMatchObject([{ by: BY_PHONE }]);
  await rig.stop('now');
  stub.say('/status');
  stub.press(await phone.message(`${rig.file.folder} is stopped`), 'Resume');
  await rig.until(({ progress }) => progress.totalIterations > 1);
  const [resumed] = await eventsOf(rig, 'resumed');
  expect(resumed).toMatchObject({ by: BY_PHONE });
  expect(resumed).not.toHaveProperty('limits');
  stub.say('/stop');
  await phone.message('/status - all');
});

test.concurrent('GATE_CHANNELS without phone keeps the gate closed to it', async () => {
  await using phone = await asking();
  const { rig, stub } = phone;
  await changeSettings(rig, { gateChannels: ['cli'] });
  await rig.untilWaiting('qa_answers');
  await phone.notify();
  const message = stub.messages.findLast(({ buttons }) => buttons.length > 1)!;
  const { buttons } = structuredClone(message);
  stub.press(message, 'A)');
  await phone.message('No answer was recorded.');
  await eventually(async () => JSON.stringify(message.buttons) === JSON.stringify(buttons));
  expect(await eventsOf(rig, 'answers_recorded')).toEqual([]);
});

test(
  'Resume of a session whose budget is spent raises no limit, and says why nothing happens',
  ci,
  async () => {
    await using phone = await phoneRig({
      scenario: { rules: [{ when: {}, do: [{ act: 'normal' }] }] },
      lines: { MAX_COST_USD: '0' },
    });
    const { rig, stub } = phone;
    const { n } = await rig.until(({ status }) => status.kind === 'blocked');
    stub.say('/status');
    stub.press(await phone.message('is blocked'), 'Resume');
    await phone.message('The budget is spent: $0.00 of $0.00.');
    const { status } = await rig.state();
    expect(status).toMatchObject({ kind: 'blocked', rule: 'budget' });
    const since = (await rig.events(n)).map(({ type }) => type);
    expect(since).not.toContain('resumed');
    expect(since).not.toContain('iteration_started');
  },
);
