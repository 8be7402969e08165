import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { gemini, readGeminiTraces } from '../../../../src/core/agents/gemini/gemini.ts';
import { geminiPolicy } from '../../../../src/core/agents/gemini/gemini-policy.ts';
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
      advice: 'Gemini CLI takes an API key or an enterprise licence, and no login of an individual.',
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

const SESSION = '8069921d-b0ac-4f45-8368-a995554bad09';

const answer = (id: string, thoughts = 0, more = {}) =>
  `${JSON.stringify({ id, timestamp: '2026-11-20T12:31:43.891Z', type: 'gemini', content: 'Reading', tokens: { input: 1500, output: 60, cached: 300, thoughts, tool: 0, total: 1560 + thoughts }, model: 'gemini-2.5-pro', ...more })}\n`;

async function scene() {
  const dir = await tempDir();
  await mkdir(join(dir.path, '.gemini/tmp/other'), { recursive: true });
  const folder = join(dir.path, '.gemini/tmp/boats/chats');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'session-2026-11-20T12-30-00000000.jsonl'), answer('x'));
  const question = { cliSession: SESSION, folder: join(dir.path, '.gemini') };
  return { dir, path: join(folder, 'session-2026-11-20T12-31-8069921d.jsonl'), question };
}

test('every answer counts, and one repeated with the results of its tools counts once', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  expect(await readGeminiTraces(question)).toEqual({});
  const head = `{"sessionId":"${SESSION}","kind":"main"}\n{"$set":{"messages":[{"type":"gemini"}]}}\n`;
  await writeFile(path, head);
  expect(await readGeminiTraces(question)).toEqual({});
  await appendFile(path, answer('a') + answer('a', 0, { toolCalls: [{ name: 'read_file' }] }));
  expect(await readGeminiTraces(question)).toEqual({
    model: 'gemini-2.5-pro',
    tokens: { input: 1200, cached: 300, output: 60 },
  });
  await appendFile(path, `not JSON "gemini"\n${answer('b', 40)}`);
  expect((await readGeminiTraces(question)).tokens).toEqual({ input: 2400, cached: 600, output: 160 });
});

test('a log of many megabytes is read completely, except for overlong lines', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  const filler = `{"type":"user","content":"${'y'.repeat(200_000)}"}\n`.repeat(12);
  const overlong = `{"type":"user","content":"${'z'.repeat(3_000_000)}"}\n`;
  await writeFile(path, `${answer('a')}${filler}${answer('b')}${overlong}${answer('c')}`);
  expect((await readGeminiTraces(question)).tokens).toEqual({ input: 3600, cached: 900, output: 180 });
});

test('the usage of an ended process is read afterwards, and is empty without a log', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  await writeFile(path, `${answer('a')}${answer('b')}{"id":"c","type":"gem`);
  expect(await readGeminiTraces(question)).toMatchObject({
    tokens: { input: 2400, cached: 600, output: 120 },
  });
  expect(await readGeminiTraces({ cliSession: SESSION, folder: '/nowhere' })).toEqual({});
});

const Policy = z.object({
  rule: z.array(
    z.object({
      toolName: z.string(),
      decision: z.string(),
      priority: z.number(),
      argsPattern: z.string().optional(),
    }),
  ),
});
const sessionDir = '/sessions (old) [1]/26-01-08-a.b';

const rulesOf = (phase: 'planning' | 'implementation') =>
  Policy.parse(parse(geminiPolicy({ phase, sessionDir }))).rule;

/** As Gemini CLI matches a call against a rule: each argument as JSON between two zero bytes. */
function decisionOf(toolName: string, args: object): string {
  const text = Object.entries(args)
    .map(([name, value]) => `\0${JSON.stringify(name)}:${JSON.stringify(value)}\0`)
    .join(',');
  const fitting = rulesOf('planning').filter(
    ({ toolName: tool, argsPattern = '' }) => tool === toolName && new RegExp(argsPattern).test(`{${text}}`),
  );
  return fitting.sort((one, other) => other.priority - one.priority)[0]?.decision ?? 'none';
}

test.each([
  [`${sessionDir}/_signal.json`, true],
  [`${sessionDir}/01-08-1000-plan-login.md`, true],
  [`${sessionDir}/../26-01-07-other/_signal.json`, false],
  ['/sessions (old) [1]/26-01-08-axb/_signal.json', false],
  ['/worktree/src/a.ts', false],
  ['src/a.ts', false],
])('in a document phase %s may be written: %s', (path, isGranted) => {
  const wanted = isGranted ? 'allow' : 'none';
  expect(decisionOf('write_file', { content: `"file_path":"${sessionDir}/x"`, file_path: path })).toBe(
    wanted,
  );
  expect(decisionOf('replace', { file_path: path })).toBe(wanted);
});

test.each([
  ['git log --oneline -5', true],
  ['git log -S foo -- src', true],
  ['git show HEAD~1:src/a.ts', true],
  ["grep -rn 'a = 1' src", true],
  ['ls', true],
  ['git log --output=x', false],
  ['git log --out"put"=x', false],
  ["git log '--output=x'", false],
  ['git grep -Ovim a', false],
  ['git grep -nOvim a', false],
  ['git diff --no-ext-diff', true],
  ["grep -rn 'sub-total: a\\.b' src", true],
  ['git grep --open-files-in-pager=vim a', false],
  ['git diff --ext-diff', false],
  ['rg --pre cat a', false],
  ['git commit -m x', false],
  ['git logger', false],
  ['lsof', false],
  ['npm test', false],
  ['echo "command":"ls "', false],
])('in a document phase the command %s is allowed by its text: %s', (command, isGranted) => {
  const decision = decisionOf('run_shell_command', { command, description: '"command":"ls "' });
  expect(decision === 'allow').toBe(isGranted);
});

test.each([
  ['git log HEAD\t--output=x', 'deny'],
  ['git log HEAD \\\n--output=x', 'deny'],
  ['git log HEAD$IFS--output=x', 'deny'],
  [`git log \${x:---output=x}`, 'deny'],
  ["git log $'\\x2d-output=x'", 'deny'],
  ['git log {HEAD,--output=x}', 'deny'],
  ['git grep {-n,-Ovim} a', 'deny'],
  ['uniq src/a.ts src/b.ts', 'deny'],
  ['uniq -c src/a.ts src/b.ts', 'deny'],
  ['uniq -c', 'ask_user'],
  ["find . -name '*.ts'", 'ask_user'],
  ['git log -1\necho "---"\ngit status', 'ask_user'],
  ['git log HEAD@{1}', 'allow'],
  ['git show HEAD^{tree}', 'allow'],
])("%s reaches Gemini CLI's own list: %s", (command, decision) => {
  expect(decisionOf('run_shell_command', { command, description: '{$' })).toBe(decision);
});

test('Gemini CLI accepts every pattern, and a work phase has none', () => {
  const patterns = rulesOf('planning').flatMap(({ argsPattern }) => argsPattern ?? []);
  expect(patterns).toHaveLength(4);
  // It refuses the file for a pattern that is too long or may run forever.
  for (const pattern of patterns) {
    expect(pattern.length).toBeLessThan(2048);
    expect(pattern).not.toMatch(/\([^)]*[*+?{].*\)[*+?{]/);
  }
  expect(rulesOf('implementation').filter(({ argsPattern }) => argsPattern !== undefined)).toEqual([]);
});
