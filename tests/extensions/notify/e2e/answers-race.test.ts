import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { launchWorker } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import type { WatchedSession } from '../../../../src/core/supervisor/session.ts';
import { MessageSettler } from '../../../../src/extensions/notify/telegram/settle-messages.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import type { SessionRig } from '../../../support/session-rig.ts';
import { type PhoneRig, phoneRig } from './phone.ts';

/** Few by default, because each round plays a session; `npm run soak` runs a thousand. */
const { SAMOCODE_ROUNDS } = process.env;
const ROUNDS = SAMOCODE_ROUNDS === undefined ? 4 : Number(SAMOCODE_ROUNDS) * 10;
const AT_ONCE = 2;

test(`one of five simultaneous answers counts, and the phone says which, ${ROUNDS} times`, ci, async () => {
  const winners = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += AT_ONCE) {
    const played = await Promise.all(Array.from({ length: AT_ONCE }, playRound));
    for (const winner of played) winners.set(winner, (winners.get(winner) ?? 0) + 1);
  }
  expect([...winners.values()].reduce((sum, count) => sum + count)).toBe(ROUNDS);
});

async function playRound(): Promise<string> {
  await using phone = await phoneRig({ at: 'asking' });
  const { rig, stub } = phone;
  await phone.notify();
  const { status, progress: before } = await rig.state();
  const ids = status.kind === 'waiting' ? status.openQuestions : [];
  const answer = (text: string, by: 'tool' | 'elicitation' | 'cli') =>
    rig.answer({ answers: ids.map((id) => ({ id, text })) }, by);
  const acts = [
    () => answer('by the tool', 'tool'),
    () => answer('by the form', 'elicitation'),
    () => answer('by the terminal', 'cli'),
    async () => void stub.press(withAllSuggestions(phone), '★'),
    () => typeAnswers(rig),
  ].sort(() => Math.random() - 0.5);
  await Promise.allSettled(acts.map((act) => act()));
  await rig.until(({ answers }) => answers.length > 0);
  // The button press may still be on its way, but it is always answered.
  await eventually(async () => stub.answers.length > 0, { what: 'the answer to the press' });
  await rig.until(({ progress }) => progress.totalIterations > before.totalIterations);
  const recorded = (await rig.events()).filter((event) => event.type === 'answers_recorded');
  expect(recorded).toHaveLength(1);
  const [winner] = recorded;
  await settleAll(phone);
  await eventually(async () => stub.messages.every(({ buttons }) => buttons.length === 0), {
    what: 'messages without buttons',
  });
  const settled = stub.messages.filter(({ edits }) => edits > 0).map(({ text }) => text.split('\n')[0]);
  const how = winner?.by.channel === 'phone' ? /^✔ (?:Recorded|Answer)/ : /^✔ Answer/;
  for (const text of settled) expect(text).toMatch(how);
  return winner?.by.channel ?? '';
}

/** As the supervisor does once it has seen the answer. */
async function settleAll({ rig, channel }: PhoneRig): Promise<void> {
  const { signal } = new AbortController();
  const settler = new MessageSettler(rig.context().clock, (_, error) => expect.fail(`${error}`), signal);
  // The other values are not read.
  const session = { view: await rig.view() } as WatchedSession;
  const place = join(rig.file.sessionsDir, rig.file.folder);
  settler.start(channel().chat, new Map([[place, session]]));
  await settler.rest();
}

function withAllSuggestions({ stub }: PhoneRig) {
  const [message] = stub.messages.filter(({ buttons }) => buttons.length > 0);
  if (message === undefined) throw new Error('There is no button.');
  return message;
}

/** Acts as the supervisor does once typed answers have settled. */
async function typeAnswers({ paths, context }: SessionRig): Promise<void> {
  const text = await readFile(paths.qa, 'utf8');
  const typed = text
    .replace(/^(?:\*\*)?Answer:.*$/gm, (line) => `${line} by the file`)
    .replace(/^Status: .*$/m, 'Status: answered');
  await writeFile(paths.qa, typed);
  const { programs, env } = context();
  await launchWorker(paths, { program: programs.worker, env, wake: { rested: fingerprint(typed) } });
}
