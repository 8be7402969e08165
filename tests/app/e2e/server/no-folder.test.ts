import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answerRead } from '../../../support/as-parent.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { type Connection, connect } from '../../../support/mcp-client.ts';
import { sandboxOff } from '../../../support/project.ts';

/**
 * The environment that Claude Desktop gives a server: no shell, no folder, no roots, few variables; and quick agents.
 */
function desktop({ repo }: Bench, more: Record<string, string> = {}): Promise<Connection> {
  const { PATH = '', HOME = '', SAMOCODE_REHEARSAL_PACE_MS = '' } = repo.env;
  const env = {
    HOME,
    PATH,
    SAMOCODE_REHEARSAL_PACE_MS,
    SAMOCODE_SUPERVISOR: 'off',
    KEEP_AWAKE: 'no',
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    ...more,
  };
  return connect({ env, cwd: '/', clientName: 'claude-ai' });
}

/** Follows a session from its start through both gates, identified only by its name. */
async function follow(parent: Connection, session: unknown): Promise<void> {
  for (let cursor: unknown; ; ) {
    const { json } = await parent.call('wait', { session, cursor, until: 'attention' });
    cursor = json.cursor;
    if (json.for === 'qa_answers')
      await answerRead((...asked) => parent.call(...asked), { session, accept_suggestions: true });
    else {
      expect(json.for).toBe('plan_approval');
      const { json: plan } = await parent.call('read_plan', { session });
      await parent.call('approve_plan', { session, hash: plan.hash });
      return;
    }
  }
}

test(
  'a client without shell, folder and roots takes a task through both gates by naming the project once',
  ci,
  async () => {
    await using bench = await makeBench({ bare: true });
    await using parent = await desktop(bench);
    const { path } = bench.repo;
    expect((await parent.call('start_session', { task: 'x' })).json.code).toBe('project_not_found');
    const setUp = await parent.call('setup_project', { project_dir: path, provider: 'rehearsal' });
    expect(setUp.json).toMatchObject({ main_repo: path });
    await sandboxOff(bench.repo);
    // From here on it is a known project.
    const { json } = await parent.call('start_session', { task: 'Name the boats', name: 'boats' });
    await follow(parent, json.session);
    expect((await parent.call('stop_session', { session: 'boats', when: 'now' })).isError).toBe(false);
    const { text } = (await parent.call('read_session', { session: 'boats' })).json;
    expect(text).toContain('Phase: implementation');
    expect(await bench.repo.git(['status', '--porcelain'])).toBe('?? .samocode');
  },
);

test('a project is found by the argument of a call, even if that is a subfolder', async () => {
  await using bench = await makeBench({ sandbox: 'auto' });
  await bench.repo.write({ 'docs/boats.md': 'x\n' });
  await using parent = await desktop(bench, { HOME: bench.repo.root });
  const task = { task: 'x', name: 'boats', start: false };
  const { json } = await parent.call('start_session', { ...task, project_dir: `${bench.repo.path}/docs` });
  expect(json).toMatchObject({ branch: 'samocode/boats' });
  expect((await parent.call('list_sessions', { project_dir: bench.repo.path })).json).toMatchObject({
    sessions: [{ session: expect.stringContaining('boats') }],
  });
});

test('a project is found by the workspaces that Codex adds to a request', async () => {
  await using bench = await makeBench();
  await using parent = await desktop(bench, { HOME: bench.repo.root });
  const _meta = { 'x-codex-turn-metadata': { workspaces: { [bench.repo.path]: {} } } };
  const asked = { name: 'list_sessions', arguments: {} };
  expect((await parent.client.callTool(asked)).isError).toBe(true);
  const found = await parent.client.callTool({ ...asked, _meta });
  expect(found.structuredContent).toMatchObject({ summary: 'There are no such sessions.' });
});

test('a project is found by CLAUDE_PROJECT_DIR', async () => {
  await using bench = await makeBench({ sandbox: 'auto' });
  await using parent = await desktop(bench, {
    HOME: bench.repo.root,
    CLAUDE_PROJECT_DIR: bench.repo.path,
  });
  const task = { task: 'x', name: 'boats', start: false };
  expect((await parent.call('start_session', task)).json).toMatchObject({ branch: 'samocode/boats' });
});

test('of several known projects one must be named, and a session is found in any of them', async () => {
  await using bench = await makeBench();
  const person = '[user]\n\tname = Ada\n\temail = ada@example.invalid\n';
  await writeFile(join(bench.repo.homeDir, '.gitconfig'), person);
  await using parent = await desktop(bench);
  const other = `${bench.repo.root}/other`;
  const made = await parent.call('setup_project', {
    project_dir: other,
    provider: 'rehearsal',
    init_repository: true,
  });
  expect(made.json).toMatchObject({ main_repo: other });
  const task = { task: 'x', name: 'ships', start: false };
  const unclear = await parent.call('start_session', task);
  expect(unclear.json).toMatchObject({ code: 'project_unclear', message: expect.stringContaining(other) });
  const { json } = await parent.call('start_session', { ...task, project_dir: other });
  const status = async () => (await parent.call('get_status', { session: json.session })).json;
  await expect.poll(status).toMatchObject({ state: 'stopped' });
});
