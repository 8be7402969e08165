import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { supervisorOf } from '../../../support/supervisors.ts';
import { TelegramStub } from '../../../support/telegram-stub.ts';

const DEAD = { leaveDead: true };

async function supervisedRig(stub: TelegramStub): Promise<SessionRig> {
  const files = { 'home/.config/samocode/.env': stub.env };
  return await startRig({ supervised: true, scenario: { rules: [] }, files });
}

const message = (stub: TelegramStub, words: string) =>
  eventually(async () => stub.message(words), { what: `a message "${words}"` });

test('a whole session is controlled from the phone: questions, plan, done; and no log contains the token', async () => {
  await using stub = await TelegramStub.start();
  await using rig = await supervisedRig(stub);
  stub.press(await message(stub, 'answers'), '★ Accept all');
  const plan = await message(stub, ', version ');
  const questions = stub.messages.filter(({ text }) => text.includes('★ Suggested'));
  expect(questions.length).toBeGreaterThan(0);
  await eventually(async () => questions.every(({ buttons }) => buttons.length === 0));
  stub.press(plan, 'Approve');
  await message(stub, 'is done');
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

test('questions answered in the terminal are settled on the phone', async () => {
  await using stub = await TelegramStub.start();
  await using rig = await supervisedRig(stub);
  await message(stub, 'answers');
  await rig.untilWaiting('qa_answers', DEAD);
  await eventually(async () => stub.messages.some(({ text }) => text.includes('★ Suggested')));
  await rig.answer();
  const asked = () => stub.messages.filter(({ text }) => text.includes('★ Suggested'));
  await eventually(async () => asked().every(({ buttons }) => buttons.length === 0), {
    what: 'questions without buttons',
  });
  expect(asked()[0]?.text).toContain('a person, in the terminal');
});
