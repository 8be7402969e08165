import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gemini } from '../../../../src/core/agents/gemini/gemini.ts';
import { cliSamples, lastReport, sampleProblem } from '../../../support/cli-samples.ts';
import { GEMINI_ENDINGS } from '../../../support/gemini-endings.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { mutatedClasses } from './mutations.ts';
import { REQUEST } from './requests.ts';

const samples = cliSamples('gemini-0.61.0');

test.each(samples.map((sample) => [sample.name, sample] as const))(
  'the recorded run %s ended as listed',
  (name, sample) => {
    expect(sampleProblem(gemini, sample)?.kind ?? 'finished').toBe(GEMINI_ENDINGS[name]);
  },
);

test('every listed ending has its recording', () => {
  expect(Object.keys(GEMINI_ENDINGS).sort()).toEqual(samples.map(({ name }) => name).sort());
});

test('lost lines, unknown events and error text in tool output never cause another ending', () => {
  const toolOutput = (output: string) =>
    JSON.stringify({
      type: 'tool_result',
      tool_id: 'x',
      status: 'error',
      output,
      error: { type: 't', message: output },
    });
  const success = '{"type":"result","status":"success","stats":{}}';
  fc.assert(mutatedClasses({ provider: gemini, samples, toolOutput, endings: GEMINI_ENDINGS, success }), {
    numRuns: 1500,
  });
});

test.each([
  [1, 'Error authenticating: IneligibleTierError: This client is no longer supported for this tier.'],
  [41, 'This client is no longer supported for Gemini Code Assist for individuals. To continue, migrate.'],
])(
  'a login that is refused as that of an individual (exit status %d) names whose it takes',
  (exitCode, stderrTail) => {
    expect(gemini.classifyEnd(undefined, { exitCode, stderrTail })).toEqual({
      kind: 'auth',
      advice: 'Gemini CLI takes an API key or an enterprise licence; individuals: Antigravity CLI.',
    });
  },
);

test('the prompt is stdin, one process does the work, and the worktree counts as trusted', () => {
  const command = gemini.buildCommand({ ...REQUEST, model: 'gemini-2.5-pro' });
  expect(command.stdinPath).toBe(REQUEST.promptPath);
  expect(command.args).not.toContain('-p');
  expect(command.env).toMatchObject({
    GEMINI_CLI_NO_RELAUNCH: 'true',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  });
  expect(command.args.join(' ')).toContain(
    `--session-id ${REQUEST.childUuid} --model gemini-2.5-pro --approval-mode yolo --include-directories ${REQUEST.sessionDir}`,
  );
});

test('a list of allowed tools is a policy file next to the prompt', async () => {
  await using dir = await tempDir();
  const request = {
    ...REQUEST,
    phase: 'implementation' as const,
    permissions: 'allow' as const,
    promptPath: join(dir.path, 'prompt.md'),
  };
  const { args } = gemini.buildCommand(await gemini.prepare(request));
  expect(args).not.toContain('yolo');
  const policy = await readFile(String(args[args.indexOf('--policy') + 1]), 'utf8');
  expect(policy).toContain('toolName = "run_shell_command"\ndecision = "allow"');
  expect(policy.match(/allowRedirection/g)).toHaveLength(1);
});

test('no server of the user is allowed, and those of the MCP file are passed as settings', async () => {
  const without = gemini.buildCommand(REQUEST);
  expect(without.args.slice(-2)).toEqual(['--allowed-mcp-server-names', 'none-for-children-of-samocode']);
  expect(without.env).not.toHaveProperty('GEMINI_CLI_SYSTEM_DEFAULTS_PATH');
  await using dir = await tempDir();
  const configPath = join(dir.path, 'mcp.json');
  const mcp = { configPath, serverNames: ['docs'], servers: { docs: { command: 'docs-server' } } };
  const command = gemini.buildCommand(
    await gemini.prepare({ ...REQUEST, mcp, promptPath: join(dir.path, 'prompt.md') }),
  );
  expect(command.args.slice(-2)).toEqual(['--allowed-mcp-server-names', 'docs']);
  const settings = JSON.parse(await readFile(String(command.env.GEMINI_CLI_SYSTEM_DEFAULTS_PATH), 'utf8'));
  expect(settings).toEqual({ mcpServers: { docs: { command: 'docs-server' } } });
});

test('an exit status is an HTTP status truncated to eight bits, and only 0 is success', () => {
  const kindOf = (exitCode: number | null) =>
    gemini.classifyEnd(undefined, { exitCode, stderrTail: '' })?.kind;
  expect([145, 147, 173, 244, 247, 41, 55, 53, 0, null].map(kindOf)).toEqual([
    'auth',
    'auth',
    'overloaded',
    'overloaded',
    'overloaded',
    'auth',
    'config',
    undefined,
    'crashed',
    'crashed',
  ]);
});

test('tools outside the approval mode are named, and kinds of tokens are distinguished', () => {
  const sample = samples.find(({ name }) => name === 'default-mode');
  expect(sample && lastReport(gemini, sample.lines)).toMatchObject({
    ok: true,
    turns: 2,
    deniedTools: ['run_shell_command', 'write_file'],
    tokens: { input: 2100, cached: 900, output: 150 },
  });
});
