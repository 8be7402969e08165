import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig, type ServerRig } from '../../../app/unit/server/server-rig.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../session/events.ts';

const STOPPED = { type: 'stopped', by: { channel: 'cli' }, why: 'asked for' } as const;
const QUESTIONS = '# Q&A\n\n## Round 1\n\n### Q1: Which?\n\nOptions:\n- A) this\n- B) that\n\nAnswer:\n';

async function ask(
  { context }: ServerRig,
  tool: string,
  args: object = {},
): Promise<Record<string, unknown>> {
  return (await askTool(tool, { session: 'boat', ...args }, context)).json;
}

test('if a session was stopped while it had open questions, every call about them says to resume it', async () => {
  await using serverRig = await makeServerRig();
  const { folder } = await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, ASKING, STOPPED]);
  await serverRig.repo.write({ [`_samocode/sessions/${folder}/_qa.md`]: QUESTIONS });
  expect((await ask(serverRig, 'read_qa')).next).toMatch(/^if the user wants it: resume_session; /);
  expect(await ask(serverRig, 'answer_qa', { answers: { Q1: 'A' } })).toMatchObject({
    code: 'not_waiting',
    hint: expect.stringMatching(/^If the user wants it: resume_session/),
  });
  expect(await ask(serverRig, 'request_changes', { feedback: 'x' })).toMatchObject({
    code: expect.any(String),
  });
});

test('reading the plan of a finished session does not suggest waiting', async () => {
  await using serverRig = await makeServerRig();
  const { folder } = await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const plan = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';
  await serverRig.repo.write({ [`_samocode/sessions/${folder}/01-08-1000-plan-boat.md`]: plan });
  expect((await ask(serverRig, 'read_plan')).next).toMatch(/^tell the user/);
});

const MERGE = { into: 'main', files: [], commands: [] };
const OF_DONE = ['finish boat', 'report boat', 'verify boat', 'resume boat --goal "…"'];

test.each<[string, string[], NewEvent[]]>([
  ['that is done', OF_DONE, []],
  ['that could not be merged', OF_DONE, [{ type: 'merge_ended', ...MERGE, outcome: 'conflicts' }]],
  ['whose merge is left to the person', OF_DONE, [{ type: 'merge_ended', ...MERGE, outcome: 'ready' }]],
  [
    'that is merged',
    ['archive boat', 'resume boat --goal "…"'],
    [{ type: 'merge_ended', ...MERGE, outcome: 'merged' }],
  ],
])('a session %s leads a person to %j', async (_what, commands, after) => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE, ...after]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const { next_commands: nextCommands } = JSON.parse(
    (await typed(['status', 'boat', '--json'], place)).stdout,
  );
  expect(nextCommands).toEqual(commands.map((command) => `samocode ${command}`));
});

test('how to finish a done session, and what to do next, are left to the user', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  expect((await ask(serverRig, 'get_status')).next).toBe(
    'tell the user says.summary and where the branch is; if the user wants it: finish_session (how), ' +
      'or ask the user to run "samocode report <session>", or ask the user to run "samocode verify <session>", ' +
      'or resume_session (goal)',
  );
});

test('a message that no agent would read is refused and not queued', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  expect(await ask(serverRig, 'send_message', { text: 'Mind the sail' })).toMatchObject({
    code: 'done',
    hint: expect.stringContaining('resume_session'),
  });
  expect((await ask(serverRig, 'get_status')).messages).toBeUndefined();
});

test('a model that meets a folder which is not imported is told to ask the user for the command', async () => {
  await using serverRig = await makeServerRig();
  const overview = '# Session: boat\n\n## Status\nPhase: planning\n';
  await serverRig.repo.write({ '_samocode/sessions/26-01-08-boat/_overview.md': overview });
  const hint = expect.stringContaining('samocode import 26-01-08-boat');
  expect(await ask(serverRig, 'read_plan')).toMatchObject({ code: 'not_imported', hint });
  expect(await ask(serverRig, 'resume_session')).toMatchObject({ code: 'not_imported', hint });
  const { json } = await askTool('list_sessions', {}, serverRig.context);
  expect(json.summary).toContain('Not sessions yet: 26-01-08-boat.');
});

/** A done session whose branch is merged by hand, and a git that notes each start. */
async function mergedByHand(how: string[]) {
  const serverRig = await makeServerRig();
  const { repo } = serverRig;
  const baseCommit = await repo.commit('Settings');
  await repo.git(['switch', '-q', '-c', 'samocode/boat']);
  await repo.commit('Hull', { 'hull.txt': 'hull\n' });
  await repo.git(['switch', '-q', 'main']);
  if (how.length > 0) await repo.git(['merge', '-q', ...how, 'samocode/boat']);
  if (how.includes('--squash')) await repo.commit('Boat');
  const worktree = { path: `${repo.root}/gone`, branch: 'samocode/boat', base: 'main', baseCommit };
  const prepared: NewEvent = { type: 'prepared', phase: 'investigation', warnings: [], worktree };
  await serverRig.addSession('26-01-08-boat', [CREATED, prepared, DONE]);
  const notes = `${repo.root}/git-starts`;
  const real = (await runCommand('which', ['git'], { env: serverRig.repo.env })).stdout.trim();
  const git = `#!/bin/sh\necho "$*" >> ${notes}\nexec ${real} "$@"\n`;
  await mkdir(`${repo.root}/bin`);
  await writeFile(`${repo.root}/bin/git`, git, { mode: 0o755 });
  const env = { PATH: `${repo.root}/bin:${process.env.PATH}` };
  const place = { cwd: repo.path, home: repo.homeDir, env };
  return {
    serverRig,
    async gitStarts(...argv: string[]) {
      await rm(notes, { force: true });
      const printed = JSON.parse((await typed([...argv, '--json'], place)).stdout);
      const lines = ((await ifExists(readFile(notes, 'utf8'))) ?? '').split('\n').filter(Boolean);
      return { printed, lines };
    },
  };
}

test.each<[string, string[], string, string]>([
  ['merged by hand', ['--no-ff'], 'archive boat', 'all its commits are in main'],
  ['fast-forwarded by hand', ['--ff-only'], 'archive boat', 'all its commits are in main'],
  ['squashed by hand', ['--squash'], 'archive boat', 'its work is in main'],
  ['not merged', [], 'finish boat', '1 commit ahead of main'],
])(
  'of a done session that is %s, the status asks git twice at most, and the list never',
  async (_what, how, next, standing) => {
    const { serverRig, gitStarts } = await mergedByHand(how);
    await using rig = serverRig;
    const status = await gitStarts('status', 'boat');
    expect(status.printed.next_commands[0]).toBe(`samocode ${next}`);
    expect(status.lines.length).toBeLessThanOrEqual(2);
    const list = await gitStarts('list');
    expect(list.lines).toEqual([]);
    expect(list.printed.sessions[0].next_commands[0]).toBe('samocode status boat');
    const { next: call } = await ask(rig, 'get_status');
    expect(/finish_session \(how\)/.test(String(call))).toBe(next.startsWith('finish'));
    const { would } = await ask(rig, 'finish_session', { how: 'keep_branch' });
    expect(String(would)).toContain(`Branch samocode/boat will stay: ${standing}, at `);
  },
);
