import { readdir, readFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { sendMessage, withdrawMessage } from '../../../../src/core/acts/sessions/send-message.act.ts';
import { namesAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { launchWorker } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import { leaveCommand, pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';

async function withMessage(plan: Pick<RigPlan, 'scenario' | 'files'> = {}): Promise<[SessionRig, string]> {
  const rig = await startRig({ at: 'asking', here: true, ...plan });
  const session = rig.file.folder;
  const { messageId = '' } = await sendMessage({ session, text: 'Mind the boats' }, rig.context());
  await rig.answer();
  return [rig, messageId];
}

test.concurrent('a message that an agent acknowledges is archived, and blocks nothing', ci, async () => {
  const [rig, id] = await withMessage();
  await using _rig = rig;
  await rig.untilWaiting('plan_approval');
  expect((await rig.state()).messages).toEqual({ waiting: [], unacknowledged: [] });
  expect(await readdir(rig.paths.inbox)).toEqual(['read']);
  expect(await readdir(rig.paths.inboxRead)).toEqual([expect.stringContaining(id)]);
});

/** Names the message in the flow log, and does not mention it in the signal. */
const NOTES_ONLY = `
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
const dir = process.env.REHEARSAL_SESSION_DIR;
const [name] = readdirSync(dir + '/_inbox').filter((each) => each.endsWith('.md'));
const id = name.slice(-29, -3);
const text = readFileSync(dir + '/_overview.md', 'utf8');
const line = '- [003 @ 01-08 14:37] Heeded message ' + id;
writeFileSync(dir + '/_overview.md', text.replace(/^## Flow Log$/m, '## Flow Log\\n' + line));
`;

test.concurrent('a message that an agent names in the overview counts as acknowledged, and one that it omits does not', async () => {
  const word = { act: 'signal-file', text: '{"status":"continue"}' };
  const rule = (script: object[]) => ({
    rules: [
      { when: { iteration: 3 }, do: [...script, word, { act: 'result' }] },
      { when: { iteration: 4 }, do: [{ act: 'hang' }] },
    ],
  });
  const [named] = await withMessage({
    scenario: rule([{ act: 'script', path: 'note.mjs' }]),
    files: { 'note.mjs': NOTES_ONLY },
  });
  await using _named = named;
  await named.until(({ openIteration }) => openIteration?.iteration === 4);
  expect((await named.state()).messages.unacknowledged).toEqual([]);

  const [silent, id] = await withMessage({ scenario: rule([]) });
  await using _silent = silent;
  await silent.until(({ openIteration }) => openIteration?.iteration === 4);
  expect((await silent.state()).messages.unacknowledged).toEqual([id]);
  expect((await readdir(silent.paths.inbox)).join()).toContain(id);
});

test.concurrent('a session is not done before an agent has read a message that a person wrote while the last one worked', async () => {
  await using rig = await startRig({
    here: true,
    phase: 'done',
    scenario: {
      rules: [{ when: { phase: 'done', count: 1 }, do: [{ act: 'sleep', ms: 3000 }, { act: 'normal' }] }],
    },
  });
  await rig.until(({ openIteration }) => openIteration?.phase === 'done');
  await sendMessage({ session: rig.file.folder, text: 'Mind the boats' }, rig.context());
  const { messages, progress } = await rig.until(({ status }) => status.kind === 'done');
  expect(messages).toEqual({ waiting: [], unacknowledged: [] });
  expect(progress.totalIterations).toBe(2);
});

const SLOW_HANDOFF = [
  { act: 'sleep', ms: 3000 },
  { act: 'signal-file', text: '{"status":"handoff","note":"the plan is next"}' },
];

test.concurrent(
  'a message that was withdrawn while an agent worked reaches no agent, and the others do',
  ci,
  async () => {
    await using rig = await startRig({
      at: 'asking',
      here: true,
      scenario: { rules: [{ when: { iteration: 3 }, do: SLOW_HANDOFF }] },
    });
    const session = rig.file.folder;
    await rig.answer();
    await rig.until(({ openIteration }) => openIteration?.iteration === 3);
    const send = async (text: string) => (await sendMessage({ session, text }, rig.context('web'))).messageId;
    const first = await send('Sink the boats');
    const second = await send('Mind the boats');
    const { done } = await withdrawMessage({ session, message: first }, rig.context('web'));
    expect(done).toBe(
      `The message is withdrawn: no agent will receive it. Its file is in ${rig.paths.withdrawn}.`,
    );
    expect(await readdir(rig.paths.withdrawn)).toHaveLength(1);
    // The overview follows the event.
    const overview = await eventually(async () => {
      const text = await readFile(rig.paths.overview, 'utf8');
      return !text.includes('Sink the boats') && text;
    });
    expect(overview).toContain('Message from the human: Mind the boats');
    const { messages } = await rig.untilWaiting('plan_approval');
    expect(messages.waiting).toEqual([]);
    const prompts = await Promise.all(
      [3, 4].map((iteration) => readFile(iterationPaths(rig.paths, iteration).prompt, 'utf8')),
    );
    expect(prompts.join()).not.toContain('Sink the boats');
    expect(prompts.join()).toContain('Mind the boats');
    const late = withdrawMessage({ session, message: second }, rig.context('web'));
    await expect(late).rejects.toMatchObject({ code: 'message_received' });
  },
);

test.concurrent('a terminal withdraws the only unread message without its id, and one of several by it', async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  const { path: cwd, homeDir: home, env } = rig.repo;
  const message = async (...argv: string[]) =>
    await typed(['message', rig.file.folder, ...argv], { cwd, home, env, programs: rig.context().programs });
  const sent = async (text: string): Promise<string> =>
    JSON.parse((await message(text, '--json')).stdout).message_id;

  expect(await message('--withdraw')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('No message waits for an agent.'),
  });
  const first = await sent('Mind the boats');
  expect((await message('--withdraw')).stdout).toContain(
    '✔ The message is withdrawn: no agent will receive it.',
  );
  expect((await message('--withdraw', first)).stderr).toContain('The message was already withdrawn.');

  const [second, third] = [await sent('Mind the oars'), await sent('Mind the sails')];
  const { stderr } = await message('--withdraw');
  expect(stderr).toContain('2 messages wait for an agent.');
  expect(stderr).toMatch(new RegExp(`${second} \\(.*"Mind the oars"\\); ${third} \\(.*"Mind the sails"\\)`));
  expect(JSON.parse((await message('--withdraw', second, '--json')).stdout)).toMatchObject({
    message_id: second,
  });
  expect((await rig.state()).messages.waiting).toMatchObject([{ id: third, by: { channel: 'cli' } }]);

  expect(await message()).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('The text is missing.'),
  });
  expect(await message('Mind me', '--withdraw')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('exclude each other'),
  });
});

const withdrawals = async (rig: SessionRig) =>
  (await rig.events()).filter(({ type }) => type === 'message_withdrawn');

test.concurrent.each([
  ['before its event', 'before-events@2', 0],
  ['after its event', 'after-events@2', 1],
])(
  'a withdrawal whose worker dies %s is recorded once, and the file is where it belongs',
  async (_when, point, recorded) => {
    await using rig = await startRig({ at: 'stopped', faults: true });
    const { paths, file } = rig;
    const { env, programs } = rig.context();
    const { messageId = '' } = await sendMessage(
      { session: file.folder, text: 'Mind the boats' },
      rig.context(),
    );
    await rig.until(({ status }) => status.kind === 'stopped');
    await eventually(async () => (await rig.workerPid()) === undefined);
    const head = { v: 1, id: ulid(), by: { channel: 'cli' }, at: new Date().toISOString() } as const;
    await leaveCommand(paths, { ...head, kind: 'withdraw_message', message: messageId });
    await launchWorker(paths, { program: programs.worker, env: { ...env, SAMOCODE_CRASH_AT: point } });
    await eventually(async () => (namesAt(paths.withdrawn) ?? []).length > 0);
    await eventually(async () => (await rig.workerPid()) === undefined);
    expect(pendingCommandIds(paths)).toEqual([head.id]);
    expect(await withdrawals(rig)).toHaveLength(recorded);
    await rig.launch();
    await eventually(async () => pendingCommandIds(paths).length === 0);
    const withdrawn = (await rig.events()).filter(({ type }) => type === 'message_withdrawn');
    expect(withdrawn).toMatchObject([{ id: messageId }]);
    expect((await rig.state()).messages.waiting).toEqual([]);
    expect(namesAt(paths.inbox)).toEqual([]);
  },
);
