import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { connect } from '../../../support/mcp-client.ts';

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
    ['request_changes', { session, feedback: ' ' }, 'text_missing'],
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
