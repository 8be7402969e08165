import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { startRig } from '../../../support/session-rig.ts';
import { noticedBy, supervisorOf } from '../../../support/supervisors.ts';
import { TelegramStub } from '../../../support/telegram-stub.ts';

test(
  'each step of a session is notified once, with its question, while another channel hangs',
  ci,
  async () => {
    await using hook = await hookServer();
    await using rig = await startRig({
      supervised: true,
      files: {
        'home/.config/samocode/.env': `NOTIFY_WEBHOOK_URL=${hook.url}\nNOTIFY_COMMAND=cat >>got; sleep 300\n`,
      },
      scenario: { rules: [] },
    });
    const kinds = () => hook.accepted.flatMap(({ notifications }) => notifications.map(({ kind }) => kind));
    const posts = (count: number) =>
      eventually(async () => kinds().length === count, { what: `post ${count}` });
    await rig.untilWaiting('qa_answers', { leaveDead: true });
    await posts(1);
    const [asked] = hook.accepted[0]?.notifications ?? [];
    expect(asked?.questions?.map(({ id }) => id)).toEqual(await questions(rig));
    expect(asked).toMatchObject({ kind: 'waiting', needsPerson: true, session: rig.file.folder });
    await rig.answer();
    await rig.untilWaiting('plan_approval', { leaveDead: true });
    await posts(2);
    const [plan] = hook.accepted[1]?.notifications ?? [];
    expect(plan?.plan).toMatchObject({
      hash: (await rig.readPlan()).hash,
      name: expect.stringMatching(/\.md$/),
    });
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'done', { leaveDead: true });
    await posts(3);
    const [done] = hook.accepted[2]?.notifications ?? [];
    expect(done?.body).toContain('Branch: ');
    expect(kinds()).toEqual(['waiting', 'waiting', 'done']);
    expect(new Set(hook.ids()).size).toBe(3);
    expect(await noticedBy(rig)).toEqual(hook.ids());
    expect(await readFile(join(rig.repo.homeDir, 'got'), 'utf8')).toContain(hook.ids()[0]);
  },
);

async function questions(rig: Awaited<ReturnType<typeof startRig>>): Promise<string[]> {
  const { status } = await rig.state();
  return status.kind === 'waiting' ? status.openQuestions : [];
}

test('a whole session is controlled from the phone: questions, plan, done; and no log contains the token', async () => {
  await using stub = await TelegramStub.start();
  const files = { 'home/.config/samocode/.env': stub.env };
  await using rig = await startRig({ supervised: true, scenario: { rules: [] }, files });
  const message = (words: string) =>
    eventually(async () => stub.message(words), { what: `a message "${words}"` });
  stub.press(await message('answers'), '★ Accept all');
  const plan = await message(', version ');
  const questions = stub.messages.filter(({ text }) => text.includes('★ Suggested'));
  expect(questions.length).toBeGreaterThan(0);
  await eventually(async () => questions.every(({ buttons }) => buttons.length === 0));
  stub.press(plan, 'Approve');
  await message('is done');
  await eventually(async () => plan.text.startsWith('✔') && plan.buttons.length === 0);
  const acts = (await rig.events()).filter((event) => 'by' in event && event.by?.channel === 'phone');
  expect(acts.map(({ type }) => type)).toEqual(expect.arrayContaining(['answers_recorded', 'plan_approved']));
  const { errors, dir } = await supervisorOf(rig);
  const log = await readFile(errors, 'utf8');
  expect(log).not.toContain(stub.token);
  expect(await readFile(`${dir}/telegram.json`, 'utf8')).not.toContain(stub.token);
  const ids = stub.messages.map(({ text }) => text);
  expect(new Set(ids).size).toBe(ids.length);
});
