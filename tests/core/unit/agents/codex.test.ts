import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codex } from '../../../../src/core/agents/codex/codex.ts';
import {
  newCodexReader,
  readCodexTraces,
  withoutShell,
} from '../../../../src/core/agents/codex/codex-stream.ts';
import { cliSamples, lastReport, sampleProblem } from '../../../support/cli-samples.ts';
import { CODEX_ENDINGS } from '../../../support/codex-endings.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { mutatedClasses } from './mutations.ts';
import { REQUEST } from './requests.ts';

const samples = cliSamples('codex-0.169.0');

test.each(samples.map((sample) => [sample.name, sample] as const))(
  'the recorded run %s ended as listed',
  (name, sample) => {
    expect(sampleProblem(codex, sample)?.kind ?? 'finished').toBe(CODEX_ENDINGS[name]);
  },
);

test('every listed ending has its recording', () => {
  expect(Object.keys(CODEX_ENDINGS).sort()).toEqual(samples.map(({ name }) => name).sort());
});

test('lost lines, unknown events and error text in tool output never cause another ending', () => {
  const toolOutput = (text: string) =>
    JSON.stringify({
      type: 'item.completed',
      item: { id: 'i', type: 'command_execution', command: 'cat log', aggregated_output: text, exit_code: 1 },
    });
  const success = '{"type":"turn.completed","usage":{}}';
  fc.assert(mutatedClasses({ provider: codex, samples, toolOutput, endings: CODEX_ENDINGS, success }), {
    numRuns: 1500,
  });
});

test('the prompt on stdin is a file that ends', () => {
  const command = codex.buildCommand({ ...REQUEST, foreignServers: [] });
  expect(command.args.at(-1)).toBe('-');
  expect(command.stdinPath).toBe(REQUEST.promptPath);
  expect(command.args.join(' ').length).toBeLessThan(2000);
});

test('without permissions to ask for, the sandbox is off; with a list it is on and git remains writable', () => {
  expect(codex.buildCommand(REQUEST).args).toContain('--dangerously-bypass-approvals-and-sandbox');
  const gitDirs = ['/repo/.git', '/repo/.git/worktrees/login'];
  const { args } = codex.buildCommand({ ...REQUEST, phase: 'implementation', permissions: 'allow', gitDirs });
  expect(args.join(' ')).toContain(
    `-s workspace-write --add-dir ${REQUEST.sessionDir} --add-dir ${gitDirs[0]} --add-dir ${gitDirs[1]}`,
  );
  expect(args).not.toContain('--dangerously-bypass-approvals-and-sandbox');
});

test('with a reviewer, the folders that it need not be asked about are the same', () => {
  const gitDirs = ['/repo/.git'];
  const { args } = codex.buildCommand({ ...REQUEST, phase: 'implementation', permissions: 'auto', gitDirs });
  expect(args.join(' ')).toContain(
    `--approve-for-me --add-dir ${REQUEST.sessionDir} --add-dir ${gitDirs[0]} -`,
  );
  expect(args).not.toContain('-s');
});

test('what its reviewer denies is told apart from what fails, and its words are those on stderr', () => {
  const reader = codex.newReader();
  const ended = (fields: object) =>
    reader
      .readLine(JSON.stringify({ type: 'item.completed', item: { type: 'command_execution', ...fields } }))
      .map(({ ...event }) => ('outputs' in event ? { ...event, outputs: undefined } : event));
  const command = "/bin/bash -c 'rm -f a'";
  expect(ended({ command, exit_code: null, status: 'declined' })).toEqual([
    { kind: 'returned', count: 1, failed: 1 },
    { kind: 'denied', why: 'Shell: rm -f a' },
  ]);
  expect(ended({ command, exit_code: 1, status: 'failed' })).toEqual([
    { kind: 'returned', count: 1, failed: 1 },
  ]);
  expect(ended({ command, exit_code: 0, status: 'completed' })).toEqual([{ kind: 'returned', count: 1 }]);
  const stderr = String.raw`error=exec_command failed: CreateProcess { message: "Rejected(\"This action was rejected due to unacceptable risk.\\nReason: It deletes.\\nDo not bypass this.\")" }`;
  expect(codex.reviewer.wordsIn(stderr)).toEqual([
    'This action was rejected due to unacceptable risk. Reason: It deletes.',
  ]);
});

test('in a document phase only the session folder and temporary files can be written', () => {
  const { args } = codex.buildCommand({ ...REQUEST, permissions: 'allow', gitDirs: ['/repo/.git'] });
  expect(args).toContain('default_permissions="samocode-documents"');
  expect(args).toContain(
    'permissions.samocode-documents={"extends"=":read-only","filesystem"={":tmpdir"="write",":slash_tmp"="write",' +
      '"/repo"="read","/worktrees/26-01-08-login"="read","/sessions/26-01-08-login"="write"}}',
  );
  expect(args).not.toContain('-s');
  expect(args).not.toContain('--add-dir');
});

test('a session folder that Codex would treat as a pattern is still writable', () => {
  const sessionDir = '/sessions [old]/26-01-08-login';
  const { args } = codex.buildCommand({ ...REQUEST, permissions: 'allow', sessionDir });
  expect(args.join(' ')).toContain(`-s workspace-write --add-dir ${sessionDir}`);
});

test('every server of the user is disabled by name, and those of the MCP file are enabled', () => {
  const servers = { docs: { command: 'docs-server', args: ['--port', '1'] } };
  const mcp = { configPath: '/repo/mcp.json', serverNames: ['docs'], servers };
  const { args } = codex.buildCommand({ ...REQUEST, foreignServers: ['samo "x"'], mcp });
  expect(args).toContain(
    'mcp_servers={"samo \\"x\\""={"enabled"=false},"docs"={"command"="docs-server","args"=["--port","1"],"enabled"=true}}',
  );
  expect(args).toContain('features.plugins=false');
  expect(args).not.toContain('--ignore-user-config');
});

test("if Codex does not list the user's servers, its settings are ignored", () => {
  expect(codex.buildCommand(REQUEST).args).toContain('--ignore-user-config');
});

test('a program that does not list its servers is prepared too', async () => {
  await using dir = await tempDir();
  const promptPath = join(dir.path, 'prompt.md');
  const prepared = await codex.prepare({
    ...REQUEST,
    cliPath: '/bin/false',
    workingDir: dir.path,
    promptPath,
    env: {},
  });
  expect(prepared).not.toHaveProperty('foreignServers');
  const schema = JSON.parse(await readFile(join(dir.path, 'signal-schema.json'), 'utf8'));
  expect(schema.required).toEqual(Object.keys(schema.properties));
});

/** What it says about that key, as recorded. */
const EARLY_CODEX = `#!/bin/sh
case "$*" in *agents.enabled*)
  echo 'invalid type: boolean \`false\`, expected struct AgentRoleToml' >&2
  exit 1 ;;
esac
echo '[{"name":"tickets"}]'
`;

test('its helpers, goals and long sleeps are off, and a Codex without the switch for helpers is started without it', async () => {
  const closed = ['agents.enabled=false', 'features.goals=false', 'features.sleep_tool=false'];
  expect(codex.buildCommand(REQUEST).args).toEqual(expect.arrayContaining(closed));
  await using dir = await tempDir();
  const cliPath = join(dir.path, 'codex');
  await writeFile(cliPath, EARLY_CODEX, { mode: 0o755 });
  const request = { ...REQUEST, cliPath, workingDir: dir.path, promptPath: join(dir.path, 'prompt.md') };
  const prepared = await codex.prepare({ ...request, env: { PATH: '/usr/bin:/bin' } });
  expect(prepared).toMatchObject({ foreignServers: ['tickets'], lacksHelperSwitch: true });
  const { args } = codex.buildCommand(prepared);
  expect(args).toEqual(expect.arrayContaining(closed.slice(1)));
  expect(args).not.toContain(closed[0]);
});

test('a confined agent may write the git folders of its own worktree and no others', async () => {
  await using repo = await makeRepo();
  const worktree = join(repo.root, 'wt');
  await repo.git(['worktree', 'add', '-q', '-b', 'work', worktree]);
  const request = { ...REQUEST, cliPath: '/bin/false', permissions: 'allow' as const, env: {} };
  const places = { mainRepo: repo.path, workingDir: worktree, promptPath: join(repo.root, 'prompt.md') };
  const { gitDirs } = await codex.prepare({ ...request, ...places });
  expect(gitDirs).toEqual([join(repo.path, '.git'), join(repo.path, '.git/worktrees/wt')]);
  await mkdir(join(repo.root, 'elsewhere'));
  await writeFile(join(worktree, '.git'), `gitdir: ${join(repo.root, 'elsewhere')}\n`);
  expect((await codex.prepare({ ...request, ...places })).gitDirs).toEqual([]);
});

test('a last message that is an object is used as the signal, and cached tokens are distinguished', () => {
  expect(lastReport(codex, sampleNamed('output-schema'))).toMatchObject({
    ok: true,
    signalText: '{"status":"done","n":1}',
    tokens: { input: 700, cached: 300, output: 50 },
  });
  expect(lastReport(codex, sampleNamed('bypass'))).not.toHaveProperty('signalText');
});

test('a run in which the sandbox broke every command is reported as such instead of "completed"', () => {
  const sample = samples.find(({ name }) => name === 'ws-like-container');
  expect(sample && sampleProblem(codex, sample)).toMatchObject({
    kind: 'config',
    advice: expect.stringContaining('bwrap'),
  });
});

test('commands and changed files are reported one by one', () => {
  const reader = newCodexReader();
  const events = [...sampleNamed('apply-patch'), ...sampleNamed('failing-command')].flatMap((line) =>
    reader.readLine(line),
  );
  expect(events).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ tool: 'Edit', path: expect.stringContaining('patched.txt') }),
      { kind: 'called', tool: 'Shell', about: 'echo out; echo err >&2; exit 3' },
    ]),
  );
  expect(withoutShell("/bin/bash -lc 'npm test'")).toBe('npm test');
});

const NOW = Date.parse('2026-11-20T06:00:00Z');
const THREAD = '01a1f790-7db9-7c42-bdc2-5267622ca269';

test('the end of a usage limit is read from the log of the thread, with version and model', async () => {
  await using dir = await tempDir();
  const folder = join(dir.path, 'sessions/2026/11/20');
  await mkdir(folder, { recursive: true });
  const window = (used_percent: number, resets_at: number) => ({
    used_percent,
    window_minutes: 300,
    resets_at,
  });
  const limits = { primary: window(100, 1_795_165_602), secondary: window(40, 1_795_252_002) };
  const lines = [
    { type: 'session_meta', payload: { id: THREAD, cli_version: '0.169.0' } },
    { type: 'turn_context', payload: { model: 'gpt-6.1-sol' } },
    { type: 'event_msg', payload: { type: 'token_count', rate_limits: limits } },
  ];
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  await writeFile(join(folder, `rollout-2026-11-20T06-00-00-${THREAD}.jsonl`), `${text}\nnot json\n`);
  const question = { cliSession: THREAD, folder: dir.path, final: undefined, now: NOW };
  expect(await readCodexTraces(question)).toMatchObject({
    version: '0.169.0',
    model: 'gpt-6.1-sol',
    limitedUntil: 1_795_165_602_000,
  });
  expect(await readCodexTraces({ ...question, now: NOW + 1e9 })).not.toHaveProperty('limitedUntil');
  expect(await readCodexTraces({ ...question, cliSession: 'another' })).toEqual({});
});

function sampleNamed(name: string): readonly string[] {
  return samples.find((sample) => sample.name === name)?.lines ?? [];
}
