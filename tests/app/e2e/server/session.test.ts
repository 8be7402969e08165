import { execFile } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { connect } from '../../../support/mcp-client.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

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

async function readPlan(rig: SessionRig): Promise<Record<string, unknown>> {
  return (await askTool('read_plan', { session: rig.file.folder }, rig.context('tool'))).json;
}

test('a plan is shown with its diff from the version that a person has seen', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await rig.answer();
  const first = await rig.untilWaiting('plan_approval');
  const shown = await readPlan(rig);
  expect(shown.changes).toBeUndefined();
  const path = join(rig.paths.sessionDir, String(shown.plan));
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^## Notes$/m, '## Further\n\nPaint them blue.\n\n## Notes'));
  const edited = await readPlan(rig);
  expect(edited.changes).toContain('+ Paint them blue.');
  expect(edited.hash).not.toBe(shown.hash);

  await rig.requestChanges('Mind the harbour');
  const { totalIterations } = first.progress;
  await rig.until(({ progress }) => progress.totalIterations > totalIterations);
  await rig.untilWaiting('plan_approval');
  const again = await readPlan(rig);
  expect(again.plan).not.toBe(shown.plan);
  expect(again.hash).not.toBe(edited.hash);
  expect(again.text).toContain('Mind the harbour');
  expect(String(again.text).length + String(again.changes).length).toBeLessThanOrEqual(7000);
});

test(
  'lines that came with the repository are shown, trusted by their hash, and only then a session starts',
  ci,
  async () => {
    await using bench = await makeBench({ sandbox: 'auto' });
    await appendFile(join(bench.repo.path, '.samocode'), 'CHECK=true\n');
    const call = (name: string, args: object) => askTool(name, { ...args }, bench.context);
    const refused = await call('start_session', { task: 'x' });
    expect(refused.json).toMatchObject({
      code: 'project_not_trusted',
      message: expect.stringContaining('CHECK=true'),
    });
    const preview = await call('setup_project', {});
    expect(preview.json).toMatchObject({
      summary: expect.stringContaining('no session can run yet'),
      next: expect.stringContaining('show these lines to the user'),
      needs_trust: { lines: ['CHECK=true'] },
    });
    const { hash } = preview.json.needs_trust as { hash: string };
    expect((await call('setup_project', { trust: 'deadbeefdead' })).json).toMatchObject({
      code: 'trust_changed',
    });
    const trusted = await call('setup_project', { trust: hash });
    expect(trusted.json).toMatchObject({ done: ['Trusted: CHECK=true.'], next: 'start_session (task)' });
    expect(trusted.json).not.toHaveProperty('needs_trust');
    expect((await call('start_session', { task: 'x', start: false })).json).toMatchObject({
      state: 'stopped',
    });
  },
);

test('problems that would stop a session are reported with their fixes, before one is started', async () => {
  await using bench = await makeBench({ bare: true });
  const env = { ...bench.context.env, CLAUDE_PATH: 'no-claude-here' };
  const { json } = await askTool('setup_project', {}, { ...bench.context, env });
  expect(json).toMatchObject({
    summary: expect.stringContaining('one problem must be fixed'),
    problems: [expect.stringContaining('no-claude-here')],
  });
});

async function run(...words: string[]) {
  const { server } = await builtPrograms();
  const ended = await promisify(execFile)(process.execPath, [server, ...words]).catch((error) => error);
  return { code: ended.code ?? 0, stdout: ended.stdout, stderr: ended.stderr };
}

test('samocode-mcp prints its version and help, and refuses unknown options with status 2', ci, async () => {
  expect(await run('--help')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Usage: samocode-mcp/),
    stderr: '',
  });
  expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(await run('--read')).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('does not take "--read"'),
  });
});

test('samocode-mcp --read-only offers the reading tools, and refuses the others', async () => {
  await using bench = await makeBench({ bare: true });
  const { server } = await builtPrograms();
  const client = new Client({ name: 'looker', version: '1' });
  const { env } = bench.repo;
  const start = { command: process.execPath, args: [server, '--read-only'], cwd: bench.repo.path, env };
  await client.connect(new StdioClientTransport(start));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain('start_session');
  const called = await client.callTool({ name: 'start_session', arguments: { task: 'x' } });
  expect(JSON.stringify(called)).toContain('read_only');
  await client.close();
});

const MARK = '01JH0000000000000000000000';

test(
  'inside a session every tool that writes is refused, whatever its arguments, and those that read work',
  ci,
  async () => {
    await using bench = await makeBench();
    const { view } = await startSession({ task: 'x', run: false }, bench.context);
    const inside = { ...bench.context, env: { ...bench.context.env, SAMOCODE_SESSION: MARK } };
    const { n } = (await bench.view(view.folder)).state;
    for (const { name, annotations, input } of TOOLS) {
      const args = 'session' in input.shape ? { session: view.folder } : {};
      const { json } = await askTool(name, name === 'wait' ? { ...args, timeout_s: 0 } : args, inside);
      const refused = [name, json.code === 'inside_session', typeof json.hint === 'string'];
      expect(refused.slice(0, 2)).toEqual([name, !annotations.readOnlyHint]);
      if (annotations.readOnlyHint) continue;
      expect((await askTool(name, { nonsense: 1 }, inside)).json.code).toBe('inside_session');
      expect((await askTool(name, { ...args, confirm: true, to: 0 }, inside)).json.code).toBe(
        'inside_session',
      );
    }
    const after = await bench.view(view.folder);
    expect(after.pendingCommands).toEqual([]);
    expect(after.state).toMatchObject({ status: { kind: 'stopped' } });
    expect(after.state.n).toBeGreaterThanOrEqual(n);
  },
);
