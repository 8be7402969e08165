import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../src/app/cli/whole-program.ts';
import { ACTION_ERRORS } from '../../../../src/core/caller/errors/action-errors.ts';
import {
  commandsOf,
  nextCalls,
  nextCommands,
  hintForTerminal as terminalHint,
  hintForModel as toolHint,
} from '../../../../src/core/caller/facts/step-texts.ts';
import { refuseUnfitAgents } from '../../../../src/core/caller/refusals/fit-agents.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';
import { ACTS, TO_FILL } from '../../../../src/core/kernel/acts.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { AUTO_ASSIGN } from '../../../../src/core/session/layout/owners.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig, type ServerRig } from '../../../app/unit/server/server-rig.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { tempDir } from '../../../support/temp-dir.ts';
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

test.each([
  [{ act: 'resume' }, 'resume_session', 'samocode resume <session>'],
  [
    { act: 'resume', session: '26-01-08-boat', args: { goal: TO_FILL } },
    'resume_session (goal)',
    'samocode resume boat --goal "…"',
  ],
  [
    { act: 'rewind', session: '26-01-08-boat', args: { undo: true } },
    'rewind_session (undo: true)',
    'samocode rewind boat --undo',
  ],
  [
    { act: 'unarchive', session: '26-01-08-boat' },
    'finish_session (how: unarchive)',
    'samocode unarchive boat',
  ],
  [
    { act: 'raise_limits', session: '26-01-08-boat', args: { usd: 5, hours: 2 } },
    'resume_session (limits: {usd: 5, hours: 2})',
    'samocode resume boat --max-cost-usd 5 --max-hours 2',
  ],
  [
    { act: 'set_up', args: { project_dir: '/home/ada/my boats', init_repository: true } },
    'setup_project (project_dir: "/home/ada/my boats", init_repository: true)',
    "samocode init '/home/ada/my boats' --git-init",
  ],
  [
    { act: 'follow', when: 'once it runs' },
    'once it runs: wait',
    'once it runs: samocode log <session> --follow',
  ],
] as const)('%j is rendered as a call for a model and as a command for a person', (step, call, command) => {
  expect(nextCalls([step])).toBe(call);
  expect(nextCommands([step])).toBe(command);
});

const program = new Command();
for (const add of COMMANDS) add(program, { output: {} } as Cli);

/** The commands in a line that do not exist, or have unknown options. */
function isUnknown(line: string): boolean {
  const [, name, ...rest] = line.replace(/"[^"]*"|'[^']*'/g, 'x').split(' ');
  const command = program.commands.find((each) => each.name() === name);
  const options = rest.filter((word) => word.startsWith('--'));
  return !options.every((option) => command?.options.some(({ long }) => long === option)) || !command;
}

test('every command that a next step names exists, with its options', () => {
  const lines = ACTS.filter((act) => act !== 'name_project').flatMap((act) =>
    commandsOf([{ act, session: '26-01-08-boat' }]),
  );
  expect(lines.filter(isUnknown)).toEqual([]);
  expect(['samocode fly', 'samocode status boat --fly'].every(isUnknown)).toBe(true);
});

test('every act has a text for tools and for the terminal', async () => {
  const lines = ACTS.map(
    (act) => `${act}: ${nextCalls([{ act }])} | ${nextCommands([{ act, session: '26-01-08-boat' }])}`,
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../golden/next-steps.txt');
});

test('a condition shared by several calls is given to a model once', () => {
  const asked = { ifWanted: true } as const;
  expect(
    nextCalls([
      { act: 'read_status' },
      { act: 'resume', ...asked },
      { act: 'stop', ...asked },
      { act: 'list', when: 'to choose' },
    ]),
  ).toBe('get_status; if the user wants it: resume_session, or stop_session; to choose: list_sessions');
});

test('a hint and its next steps become one text', () => {
  const next = [{ act: 'read_status' }] as const;
  expect(toolHint({ hint: 'Free some space.', next })).toBe('Free some space. Next: get_status.');
  expect(terminalHint({ hint: '', next })).toBe('Next: samocode status <session>');
  expect(toolHint({ hint: 'Free some space.', next: [] })).toBe('Free some space.');
});

test.each([
  [AUTO_ASSIGN, /once a machine of the pool takes the session/],
  ['mini', /once mini has read it.*samocode pool status/s],
])('a command for a session that %s has names what it waits for', (inPool, text) => {
  const error = ACTION_ERRORS.pending({ session: 'hull', command: 'stop', seconds: 40, inPool });
  expect(error.message).toMatch(text);
  expect(error.message).not.toContain('worker.stderr');
});

const LIMITS = { session: {}, phases: {} };
const GATEWAY = { ANTHROPIC_BASE_URL: 'https://gateway.example.com' };

test.each([
  ['Claude Code and Codex', ['claude', 'codex'], {}, {}, undefined],
  ...(HAS_EXTENSIONS ? [['the rehearsal', ['rehearsal'], {}, {}, undefined] as const] : []),
  ['another for one phase or as a fallback', ['claude', 'gemini'], {}, {}, 'no_reviewer'],
  ['Claude Code behind a gateway', ['claude'], {}, GATEWAY, 'gateway_unknown'],
  [
    'Claude Code behind one that passes questions on',
    ['claude'],
    { gatewayReviewed: true as const },
    GATEWAY,
    undefined,
  ],
  ['Codex, whatever the service of Claude Code is', ['codex'], {}, GATEWAY, undefined],
  ['any agent without a reviewer', ['gemini', 'claude'], undefined, GATEWAY, undefined],
] as const)('with PERMISSIONS=auto, %s: %#', async (_who, names, reviewed, env, code) => {
  await using home = await tempDir();
  const permissions = reviewed === undefined ? 'skip' : 'auto';
  const choices = { permissions, ...reviewed, limits: LIMITS } as const;
  const refused = refuseUnfitAgents(names, choices, { env, home: home.path }).then(
    () => undefined,
    (error) => error.code,
  );
  expect(await refused).toBe(code);
});
