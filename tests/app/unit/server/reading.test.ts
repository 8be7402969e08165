import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { planAtStake, stakeLine, workAtStake } from '../../../../src/core/caller/facts/at-stake.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionReport } from '../../../../src/extensions/pages/report/collect.ts';
import { ARCHIVED, ASKING, CREATED, LEFT, PREPARED } from '../../../core/unit/session/events.ts';
import { provedEvents } from '../../../support/proved-events.ts';
import { typed } from '../cli/typed.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig, type ServerRig } from './server-rig.ts';

const STOPPED = { type: 'stopped', by: { channel: 'cli' }, why: 'on request' } as const;

test('sessions are listed by what they need, and those that need a person come first', async () => {
  await using rig = await makeServerRig();
  const [asking, away, resting] = ['26-01-06-asking', '26-01-07-away', '26-01-08-resting'];
  await rig.addSession(asking, [CREATED, PREPARED, ASKING]);
  await rig.addSession(away, [CREATED, PREPARED, STOPPED, ARCHIVED, LEFT]);
  await rig.addSession(resting, [CREATED, PREPARED, STOPPED]);
  const list = async (state?: string) => {
    const { json } = await askTool('list_sessions', state ? { state } : {}, rig.context);
    return {
      summary: json.summary,
      names: ((json.sessions ?? []) as { session: string }[]).map(({ session }) => session),
    };
  };
  expect(await list()).toEqual({
    summary: expect.stringMatching(/^2 sessions; one needs the user\. Read at 20..-..-..T..:..Z\.$/),
    names: [asking, resting],
  });
  expect((await list('needs_human')).names).toEqual([asking]);
  expect((await list('waiting')).names).toEqual([asking]);
  expect((await list('stopped')).names).toEqual([resting]);
  expect((await list('archived')).names).toEqual([away]);
  expect(await list('running')).toEqual({ summary: 'There are no such sessions.', names: [] });
});

test('the proof of a done session is one line, the same in status, wait, the terminal and the report', async () => {
  await using serverRig = await makeServerRig();
  const { folder: session, ...paths } = await serverRig.addSession('26-01-08-boat', provedEvents({}));
  const { context, repo } = serverRig;
  const proof =
    "partly: only the plan's own checks: this project has no CHECK; 1 check in the agent's folder";
  const { json } = await askTool('get_status', { session }, context);
  expect(json.proof).toBe(proof);
  const waited = (await askTool('wait', { session, cursor: 0, timeout_s: 0 }, context)).json;
  expect(waited.proof).toBe(proof);
  for (const command of ['status', 'run']) {
    const { stdout } = await typed([command, session], { home: repo.homeDir, cwd: repo.path });
    expect(stdout).toContain('  summary   ');
    expect(stdout).toContain(`  proof     ${proof}\n`);
  }
  const view = (await readSession({ folder: session, ...paths }, context.host)) ?? expect.fail();
  const worker = { worker: 'none needed', isDying: false, unwatched: undefined } as const;
  const { proved } = await sessionReport({ view, worker, renderSteps: () => [] }, context);
  expect(`${proved?.how}: ${proved?.words}`).toBe(proof);
});

test('what is at stake names the size of a plan, and of finished work what nobody must overlook', async () => {
  await using rig = await makeServerRig();
  const events = provedEvents().map((event) => {
    if (event.type === 'plan_approved') return { ...event, by: { channel: 'tool' } as const };
    return event.type === 'iteration_started' ? { ...event, sandbox: 'none' as const } : event;
  });
  const paths = await rig.addSession('26-01-08-boat', events);
  const view = (await readSession(paths, rig.context.host)) ?? expect.fail();
  expect(stakeLine(await workAtStake(view, rig.context))).toBe(
    "partly proved: only the plan's own checks: this project has no CHECK; 1 check in the agent's folder · a rehearsal: the task was not done · decided by no person that is known: the plan · agents without a guard",
  );
  const text = '# Plan\n\n## Phase 1: Float\nFiles: hull.ts, mast.ts\n- [ ] Build\n- [ ] Paint\n';
  expect(stakeLine(planAtStake({ view, text, ledger: undefined }))).toMatch(
    /^1 phase · 2 steps · 2 files · no CHECK of the project$/,
  );
});

test('an argument alone says what is read or finished, and one of another kind is refused', async () => {
  await using rig = await makeServerRig();
  const { folder: session, sessionDir } = await rig.addSession('26-01-08-boat');
  await writeFile(join(sessionDir, '01-08-0900-plan-boat.md'), '# Boat\n');
  const read = async (args: object) =>
    (await askTool('read_session', { session, ...args }, rig.context)).json;
  expect((await read({})).text).toContain('# Session: ');
  expect((await read({ document: 'plan' })).text).toBe('# Boat\n');
  expect(await read({ iteration: 9 })).toEqual(await read({ what: 'transcript', iteration: 9 }));
  for (const args of [{ path: 'x' }, { path: 'x', iteration: 9 }, { cursor: '1' }])
    expect(await read(args)).toEqual(await read({ what: 'changes', ...args }));
  for (const [args, message] of [
    [{ what: 'overview', document: 'plan' }, '"document": only with what: document or proof.'],
    [{ what: 'log', iteration: 1 }, '"iteration": only with what: transcript or changes.'],
    [{ document: 'plan', path: 'x' }, '"path": only with what: changes.'],
  ] as const)
    expect(await read(args)).toMatchObject({ code: 'bad_input', message: expect.stringContaining(message) });
  for (const args of [
    { how: 'merge', keep: ['x'] },
    { how: 'discard', watch: true },
  ])
    expect((await askTool('finish_session', { session, ...args }, rig.context)).json.code).toBe('bad_input');
});

test.each([10, 200, 900])(
  'wait and get_status keep the repair at the end of a reason (%i characters before it)',
  async (size) => {
    await using rig = await makeServerRig();
    const repair = 'Run `claude` once and log in, or set ANTHROPIC_API_KEY where samocode runs.';
    const reason = `${'x'.repeat(size)}. ${repair}`;
    const { folder: session } = await rig.addSession('26-01-08-boat', [
      CREATED,
      PREPARED,
      { type: 'blocked', phase: 'planning', reason, needs: 'error_resolution', rule: 'phase_limit' },
    ]);
    for (const [tool, more] of [
      ['wait', { cursor: '1', timeout_s: 0 }],
      ['get_status', {}],
    ] as const) {
      const { says } = (await askTool(tool, { session, ...more }, rig.context)).json as {
        says: { reason: string };
      };
      expect(says.reason.endsWith(repair)).toBe(true);
      expect(says.reason.length).toBeLessThanOrEqual(300);
    }
  },
);

test('a log is shown as far as asked, from its end, and says that it is cut', async () => {
  await using rig = await makeServerRig();
  const { folder: session, sessionLog } = await rig.addSession('26-01-08-boat');
  await mkdir(dirname(sessionLog), { recursive: true });
  await writeFile(sessionLog, 'one\ntwo\nthree\n');
  const shown = async (...args: string[]) =>
    JSON.parse(
      (await typed(['log', session, '--json', ...args], { home: rig.repo.homeDir, cwd: rig.repo.path }))
        .stdout,
    );
  expect(await shown('--lines', '2')).toMatchObject({ lines: ['two', 'three'], is_cut: true });
  expect(await shown()).toMatchObject({ lines: ['one', 'two', 'three'], is_cut: false });
});

/** A server that runs next to the project, for a client with these folders. */
async function rigWithRoots(roots: (serverRig: ServerRig) => string[]) {
  const serverRig = await makeServerRig();
  const cwd = dirname(serverRig.repo.path);
  return { serverRig, actions: { ...serverRig.context, cwd, roots: roots(serverRig) } };
}

test.each([
  ['no folder', () => []],
  ['several folders', ({ repo }: ServerRig) => [repo.path, repo.root]],
])('with a client of %s a relative project_dir is refused, wherever the server runs', async (_, roots) => {
  const { serverRig, actions } = await rigWithRoots(roots);
  await using _desk = serverRig;
  for (const name of ['list_sessions', 'setup_project'])
    expect((await askTool(name, { project_dir: 'repo' }, actions)).json).toMatchObject({
      code: 'relative_folder',
      hint: 'Give an absolute path.',
    });
});

test("a relative project_dir is resolved from the client's only folder, not from the server's", async () => {
  const { serverRig, actions } = await rigWithRoots(({ repo }) => [repo.path]);
  await using _desk = serverRig;
  await serverRig.repo.write({ 'docs/boats.md': 'x\n' });
  expect((await askTool('list_sessions', { project_dir: 'docs' }, actions)).isError).toBe(false);
});

test('a person in a terminal may name a folder relative to the working directory', async () => {
  const { serverRig, actions } = await rigWithRoots(() => []);
  await using _desk = serverRig;
  const { roots: _roots, ...terminal } = actions;
  expect((await askTool('list_sessions', { project_dir: 'repo' }, terminal)).isError).toBe(false);
});
