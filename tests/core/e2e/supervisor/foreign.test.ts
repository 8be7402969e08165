import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { adoptSession, readForeign } from '../../../../src/core/acts/sessions/adopt-session.act.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import {
  registerSessions,
  supervisorPaths,
} from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSessionsBelow } from '../../../support/live-session.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { startSession } from '../../../support/start-session.ts';
import { endProcessesOf, killSupervisors, SUPERVISED } from '../../../support/supervisors.ts';

const FOLDER = '26-01-08-carried';

interface Clone extends AsyncDisposable {
  project: TempProject;
  carried: SessionPaths;
  canary: string;
}

/** A project whose SESSIONS came with a session of somebody else: queued, without a sandbox, and with a SETUP. */
async function clone(planted: readonly object[] = []): Promise<Clone> {
  const { worker, rehearsal } = await builtPrograms();
  const project = await makeProject({ env: SUPERVISED, acting: { programs: { worker, rehearsal } } });
  const { repo, sessionsDir, worktreesDir, context } = project;
  const canary = join(repo.root, 'canary');
  const sample = sessionFileSample();
  const file = {
    ...sample,
    ...{ folder: FOLDER, sessionsDir, worktreesDir, mainRepo: repo.path, startKey: 'a', order: { at: 1 } },
    configPath: join(repo.path, '.samocode'),
    settings: { ...sample.settings, sandbox: 'off' as const, setup: `echo ran >> '${canary}'`, base: 'main' },
  };
  const carried = sessionPaths(sessionsDir, FOLDER);
  const events: NewEvent[] = [
    createdEvent(file),
    { type: 'queued', reason: 'starts later', order: { at: 1 } },
  ];
  await mkdir(carried.commands, { recursive: true });
  await mkdir(carried.sessionDir, { recursive: true });
  await writeFile(carried.sessionFile, JSON.stringify(file));
  const lines = events.map((event, at) =>
    JSON.stringify({ v: 2, n: at + 1, at: '2026-01-08T10:00:00.000Z', lease: 1, ...event }),
  );
  await writeFile(carried.events, `${lines.join('\n')}\n`);
  for (const [at, command] of planted.entries()) {
    const id = `01KEE${String(at).padStart(21, '0')}`;
    const envelope = { v: 1, id, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' };
    await writeFile(join(carried.commands, `${id}.json`), JSON.stringify({ ...envelope, ...command }));
  }
  await registerSessions(supervisorPaths(context.home, context.host), sessionsDir, context.clock);
  return {
    ...{ project, carried, canary },
    async [Symbol.asyncDispose]() {
      await killSupervisors(repo.homeDir);
      await endSessionsBelow(sessionsDir, context.host);
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    },
  };
}

const PLANTED = [{ kind: 'resume' }, { kind: 'message', text: 'Do that' }];

test(
  'the supervisor starts no worker for a session that came with a clone, until a person has adopted it',
  ci,
  async () => {
    await using here = await clone(PLANTED);
    const { context } = here.project;
    const scenario = join(here.project.repo.root, 'scenario.json');
    await writeFile(scenario, JSON.stringify({ paceMs: 0, rules: [] }));
    const starting = { ...context, env: { ...context.env, REHEARSAL_SCENARIO: scenario } };
    const own = await startSession({ task: 'Give every boat a name', name: 'own' }, starting);
    // A scan of the supervisor that has seen both.
    const { now } = supervisorPaths(context.home, context.host);
    await eventually(async () => (await readFile(now, 'utf8')).includes(own.view.folder), {
      what: 'a scan of the supervisor',
    });
    expect(await readdir(here.carried.runDir)).toEqual(['commands', 'events.jsonl', 'session.json']);
    expect(existsSync(here.canary)).toBe(false);
    const foreign = await readForeign({ session: FOLDER }, context);
    expect(foreign?.lines.join('\n')).toContain(`SETUP: echo ran >> '${here.canary}'`);
    expect(foreign?.lines.join('\n')).toContain('"kind":"message"');
    if (foreign === undefined) return;
    await adoptSession(foreign, context);
    await eventually(async () => existsSync(here.canary), { what: 'its SETUP, once it is adopted' });
  },
);

test('every act on a foreign session is refused with the command that adopts it, and leaves nothing in its folder', async () => {
  await using here = await clone();
  const { context, repo } = here.project;
  const before = await readdir(here.carried.runDir, { recursive: true });
  const place = { cwd: repo.path, home: repo.homeDir };
  const lines = [
    ['resume', 'carried'],
    ['stop', 'carried'],
    ['message', 'carried', 'Hello'],
    ['answer', 'carried', 'Q1=A'],
    ['approve', 'carried', '--yes', '--hash', 'abc'],
    ['changes', 'carried', 'No'],
    ['finish', FOLDER, '--keep-branch', '--yes'],
    ['archive', FOLDER, '--yes'],
    ['rewind', FOLDER, '--to', '1', '--yes'],
    ['mute', 'carried'],
    ['services', 'carried', 'up'],
  ];
  for (const line of lines) {
    const { exitCode, stderr } = await typed(line, place);
    expect([line[0], exitCode, stderr]).toEqual([line[0], 1, expect.stringContaining('samocode takeover')]);
    expect(stderr).toContain('is foreign');
  }
  const tools = [
    ['resume_session', {}],
    ['stop_session', {}],
    ['send_message', { text: 'Hello' }],
    ['answer_qa', { answers: { Q1: 'A' } }],
    ['approve_plan', { hash: 'abcdabcd' }],
    ['request_changes', { feedback: 'No' }],
    ['finish_session', { how: 'keep_branch' }],
    ['rewind_session', { to: 1 }],
  ] as const;
  for (const [tool, args] of tools) {
    const by = { channel: 'tool', client: 'test' } as const;
    const { isError, json } = await askTool(tool, { session: FOLDER, ...args }, { ...context, by });
    expect([tool, isError, json.code]).toEqual([tool, true, 'foreign_session']);
  }
  expect(await readdir(here.carried.runDir, { recursive: true })).toEqual(before);
});

test('list and status show a foreign session with what adopts it, and a script that would adopt it exits with 4', async () => {
  await using here = await clone(PLANTED);
  const { context, repo } = here.project;
  const place = { cwd: repo.path, home: repo.homeDir };
  const listed = JSON.parse((await typed(['list', '--json'], place)).stdout);
  expect(listed.sessions[0]).toMatchObject({ session: FOLDER, condition: 'foreign', needs_human: false });
  const status = (await typed(['status', 'carried'], place)).stdout;
  expect(status).toContain('samocode takeover');
  for (const line of [
    ['takeover', 'carried'],
    ['takeover', '--all'],
  ]) {
    const { exitCode, stdout } = await typed(line, place);
    expect([exitCode, stdout]).toEqual([4, expect.stringContaining(`SETUP: echo ran >> '${here.canary}'`)]);
  }
  const foreign = await readForeign({ session: FOLDER }, context);
  const byModel = { ...context, by: { channel: 'tool' } as const };
  if (foreign === undefined) throw new Error('It is not foreign.');
  await expect(adoptSession(foreign, byModel)).rejects.toMatchObject({ code: 'adoption_needs_person' });
  const { exitCode } = await typed(['takeover', '--all'], { ...place, says: ['n'] });
  expect([exitCode, await readForeign({ session: FOLDER }, context)]).toMatchObject([
    0,
    { print: foreign.print },
  ]);
  expect((await typed(['takeover', '--all'], { ...place, says: ['y'] })).stdout).toContain(
    '1 session adopted',
  );
  expect(await readForeign({ session: FOLDER }, context)).toBeUndefined();
});

test('a worker that is started by hand on a foreign session exits with a sentence', async () => {
  await using here = await clone(PLANTED);
  const { context, sessionsDir, repo } = here.project;
  const args = [context.programs.worker, sessionsDir, FOLDER];
  const { exitCode, stderr } = await runCommand(process.execPath, args, { env: repo.env });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('This home has no record of it')]);
  expect(existsSync(here.canary)).toBe(false);
  expect(existsSync(here.carried.leases)).toBe(false);
});

test('a changed start is foreign, although a session with its id has a record', async () => {
  await using here = await clone();
  const { context } = here.project;
  const foreign = await readForeign({ session: FOLDER }, context);
  if (foreign === undefined) throw new Error('It is not foreign.');
  const text = await readFile(here.carried.events, 'utf8');
  await writeFile(here.carried.events, text.replaceAll('echo ran', 'echo Ran'));
  await expect(adoptSession(foreign, context)).rejects.toMatchObject({ code: 'foreign_changed' });
  await writeFile(here.carried.events, text);
  await adoptSession(foreign, { ...context, env: { ...context.env, SAMOCODE_SUPERVISOR: 'off' } });
  expect(await readForeign({ session: FOLDER }, context)).toBeUndefined();
  await writeFile(here.carried.events, text.replaceAll('echo ran', 'echo Ran'));
  expect((await readForeign({ session: FOLDER }, context))?.view.foreign).toBe('no_record');
});
