import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { answerRead } from '../../../support/as-parent.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Connection, connect } from '../../../support/mcp-client.ts';
import { sandboxOff } from '../../../support/project.ts';

/** Plays a parent that follows `next`, until the session waits or ends. */
async function play(parent: Connection, session: string): Promise<Record<string, unknown>> {
  for (let cursor: unknown; ; ) {
    const { json } = await parent.call('wait', { session, cursor });
    cursor = json.cursor;
    if (json.for === 'qa_answers')
      await answerRead((...asked) => parent.call(...asked), { session, accept_suggestions: true });
    else if (json.for === 'plan_approval') {
      const { json: plan } = await parent.call('read_plan', { session });
      const { json: approved } = await parent.call('approve_plan', { session, hash: plan.hash });
      // The next step named by the planner was this approval.
      expect(approved.says).not.toHaveProperty('next');
    } else if (json.state !== 'running') return json;
  }
}

test(
  'a parent takes a task from set-up to done, with every step reported, and killed servers change nothing',
  ci,
  async () => {
    await using bench = await makeBench({ bare: true });
    const options = { env: bench.repo.env, cwd: bench.repo.path };
    await using first = await connect(options);
    const setUp = await first.call('setup_project', { provider: 'rehearsal' });
    expect(setUp.json).toMatchObject({ provider: 'rehearsal', main_repo: bench.repo.path });
    expect(setUp.structured).toEqual(setUp.json);
    await sandboxOff(bench.repo);
    const started = await first.call('start_session', { task: 'Write it down' });
    const session = String(started.json.session);
    expect(started.json).toMatchObject({ branch: 'samocode/write-it-down', next: 'wait' });
    process.kill(first.pid, 'SIGKILL');

    await using second = await connect(options);
    await using watcher = await connect(options);
    const uri = `samocode://sessions/${session}/overview`;
    await watcher.client.subscribeResource({ uri });
    const [done, seen] = await Promise.all([
      play(second, session),
      watcher.call('wait', { session, until: 'done' }),
    ]);
    expect(done).toMatchObject({ state: 'done', says: { summary: expect.any(String) } });
    expect(seen.json).toMatchObject({ state: 'done', changed: true });
    const events = await readEvents((await bench.view(session)).paths, 0);
    const approved = events.find(({ type }) => type === 'plan_approved');
    expect(approved).toMatchObject({ by: { channel: 'tool', client: 'test-client' } });
    await eventually(async () => watcher.updated.length > 5);
    expect(new Set(watcher.updated)).toEqual(new Set([uri]));
    const { contents } = await watcher.client.readResource({ uri });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining('Phase: done') });
    const { resources } = await watcher.client.listResources();
    expect(resources.map((resource) => resource.uri)).toEqual(['samocode://sessions']);
  },
);

test('mistakes return an error that says what to do', async () => {
  await using bench = await makeBench();
  await using parent = await connect({ env: bench.repo.env, cwd: bench.repo.path });
  const { json } = await parent.call('start_session', { task: 'x', name: 'boat', start: 'false' });
  const session = json.session;
  const cases: Array<[string, Record<string, unknown>, string]> = [
    ['start_session', {}, 'nothing_to_do'],
    ['start_session', { task: 'x', name: 'boat' }, 'session_exists'],
    ['start_session', { task: 5 }, 'bad_input'],
    ['start_session', { task: 'x', auto_aprove: true }, 'bad_input'],
    ['start_session', { task: 'x', provider: 'clod' }, 'setting_invalid'],
    ['get_status', { session: 'goat' }, 'session_not_found'],
    ['get_status', {}, 'bad_input'],
    ['wait', { session, until: 'never' }, 'bad_input'],
    ['answer_qa', { session, answers: { Q1: 'A' } }, 'unknown_question'],
    ['answer_qa', { session, accept_suggestions: true }, 'not_waiting'],
    ['read_plan', { session }, 'no_plan'],
    ['approve_plan', { session, hash: 'deadbeef' }, 'not_waiting'],
    ['request_changes', { session, feedback: 'x' }, 'not_waiting'],
    ['send_message', { session, text: 'x'.repeat(1_000_000) }, 'text_too_long'],
    ['get_status', { session, project_dir: '/nowhere' }, 'project_not_found'],
  ];
  for (const [name, args, code] of cases) {
    const called = await parent.call(name, args);
    expect([name, called.json.code]).toEqual([name, code]);
    expect(called).toMatchObject({ isError: true, structured: undefined });
    expect(called.json).toEqual({ code, message: expect.any(String), hint: expect.any(String) });
  }
  const meant = await parent.call('start_session', { task: 'x', auto_aprove: true });
  expect(meant.json.hint).toBe('Did you mean "auto_approve"?');
  await expect(parent.call('start_sesion')).rejects.toThrow('Did you mean start_session?');
});

test('a client without a folder names the project, or gives it as a root', async () => {
  await using bench = await makeBench();
  const nowhere = { env: { ...bench.repo.env, HOME: bench.repo.root }, cwd: '/' };
  await using desktop = await connect(nowhere);
  expect((await desktop.call('list_sessions')).json.code).toBe('project_not_found');
  expect((await desktop.client.listResources()).resources).toHaveLength(1);
  const named = await desktop.call('list_sessions', { project_dir: bench.repo.path });
  expect(named.json).toMatchObject({ summary: 'There are no such sessions.' });
  await using rooted = await connect({ ...nowhere, roots: [bench.repo.path] });
  expect((await rooted.call('list_sessions')).isError).toBe(false);
});

test('a server inside a session only reads', async () => {
  await using bench = await makeBench();
  await using outside = await connect({ env: bench.repo.env, cwd: bench.repo.path });
  const { json } = await outside.call('start_session', { task: 'x', start: false });
  const env = { ...bench.repo.env, SAMOCODE_SESSION: '01JH0000000000000000000000' };
  await using inside = await connect({ env, cwd: bench.repo.path });
  expect((await inside.call('get_status', { session: json.session })).isError).toBe(false);
  for (const [name, args] of [
    ['start_session', { task: 'y' }],
    ['resume_session', { session: json.session }],
    ['setup_project', {}],
  ] as const) {
    expect((await inside.call(name, args)).json.code).toBe('inside_session');
  }
  const { status } = (await bench.view(String(json.session))).state;
  expect(status.kind).not.toBe('running');
});

test('a wait sends progress, ends at its limit, and can be cancelled', async () => {
  await using bench = await makeBench();
  await using parent = await connect({ env: bench.repo.env, cwd: bench.repo.path });
  const { json } = await parent.call('start_session', { task: 'x', start: false });
  const session = json.session;
  const stopped = await parent.call('wait', { session, until: 'done' });
  const { cursor } = stopped.json;
  const idle = await parent.call('wait', { session, cursor, timeout_s: '0.1' });
  expect(idle.json).toMatchObject({ changed: false, cursor, state: 'stopped' });
  const cut = new AbortController();
  const waiting = parent.call('wait', { session, cursor, timeout_s: 40 }, { signal: cut.signal });
  cut.abort('enough');
  await expect(waiting).rejects.toThrow('enough');
  expect((await parent.call('get_status', { session })).json.state).toBe('stopped');
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends the server', async (signal) => {
  await using bench = await makeBench({ bare: true });
  const parent = await connect({ env: bench.repo.env, cwd: bench.repo.path });
  const closed = new Promise<void>((resolve) => {
    parent.client.onclose = resolve;
  });
  process.kill(parent.pid, signal);
  await closed;
});

test('before the handshake an unknown request is refused, and only JSON-RPC comes out', async () => {
  await using bench = await makeBench({ bare: true });
  const { server } = await builtPrograms();
  const lines = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [server],
      { env: bench.repo.env, cwd: bench.repo.path },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    child.stdin?.write('{"jsonrpc":"2.0","id":"a","method":"server/discover","params":{}}\nnot json\n');
    child.stdin?.write('{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n');
    child.stdout?.on('data', (text: string) => {
      if (text.includes('"id":1')) child.stdin?.end();
    });
  });
  const messages = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(messages).toContainEqual(
    expect.objectContaining({ id: 'a', error: expect.objectContaining({ code: -32601 }) }),
  );
  expect(messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
});
