import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claude } from '../../../../src/core/agents/claude/claude.ts';
import type { AgentRequest } from '../../../../src/core/agents/contract/provider.ts';
import { CLAUDE_ENDINGS } from '../../../support/claude-endings.ts';
import { claudeSamples, finalReportIn, problemOf } from '../../../support/claude-samples.ts';
import type { CliSample } from '../../../support/cli-samples.ts';

const request: AgentRequest = {
  cliPath: '/opt/claude',
  promptPath: '/run/prompt.md',
  phase: 'planning',
  sessionDir: '/sessions/26-01-08-login',
  workingDir: '/worktrees/26-01-08-login',
  mainRepo: '/repo',
  model: 'opus',
  own: { CLAUDE_MAX_TURNS: 300 },
  permissions: 'skip',
  programFolder: '/opt/samocode',
  atEnd: ['/usr/bin/node', '/opt/samocode/form-check.cjs', '{}'],
  nodePath: process.execPath,
  childUuid: '0b2c6a3e-8d53-4a53-9a3f-000000000000',
  env: { PATH: '/bin', ANTHROPIC_API_KEY: 'key' },
};
const samples = claudeSamples();

function settingsIn(args: readonly string[]): unknown {
  return JSON.parse(args[args.indexOf('--settings') + 1] ?? '');
}

test('the prompt is passed on stdin and never as an argument', () => {
  const command = claude.buildCommand(request);
  expect(command.stdinPath).toBe('/run/prompt.md');
  expect(command.args.join(' ').length).toBeLessThan(10_000);
});

test('the arguments are these, in this order', () => {
  expect(claude.buildCommand(request).args).toEqual([
    '-p',
    '--output-format',
    'stream-json',
    '--verbose',
    '--session-id',
    request.childUuid,
    '--model',
    'opus',
    '--max-turns',
    '300',
    '--dangerously-skip-permissions',
    '--tools',
    'Agent,Glob,Grep,Read,WebFetch,WebSearch,Bash,Edit,Skill,Write',
    '--add-dir',
    request.sessionDir,
    '--settings',
    expect.stringContaining('"Stop"'),
    '--strict-mcp-config',
    '--mcp-config',
    '{"mcpServers":{}}',
  ]);
});

test('an agent gets the servers of the MCP file and no others', () => {
  const mcp = { configPath: '/repo/.samocode-mcp.json', serverNames: ['docs', 'my browser'], servers: {} };
  const { args } = claude.buildCommand({ ...request, mcp, permissions: 'allow' });
  expect(args.slice(-3)).toEqual(['--strict-mcp-config', '--mcp-config', mcp.configPath]);
  expect(args[args.indexOf('--allowedTools') + 1]).toMatch(/,mcp__docs,mcp__my_browser$/);
});

test('servers that were accepted with a plan are passed with the MCP file, or alone', () => {
  const accepted = { tickets: { command: 'tickets-mcp', args: ['--stdio'] } };
  const json = JSON.stringify({ mcpServers: accepted });
  const alone = { accepted, serverNames: ['tickets'], servers: accepted };
  const configs = (mcp: NonNullable<AgentRequest['mcp']>) => {
    const { args } = claude.buildCommand({ ...request, mcp, permissions: 'allow' });
    return args.slice(args.indexOf('--mcp-config') + 1);
  };
  expect(configs(alone)).toEqual([json]);
  expect(configs({ ...alone, configPath: '/repo/mcp.json' })).toEqual(['/repo/mcp.json', json]);
});

test('notebooks are changed in phases of work alone, and no chat can send to an agent', () => {
  for (const permissions of ['skip', 'allow'] as const) {
    const { args } = claude.buildCommand({ ...request, phase: 'implementation', permissions });
    expect(args[args.indexOf('--tools') + 1]).toBe(
      'Agent,Glob,Grep,Read,WebFetch,WebSearch,Bash,Edit,NotebookEdit,Skill,Write',
    );
    for (const phase of ['planning', 'implementation'] as const)
      expect(settingsIn(claude.buildCommand({ ...request, phase, permissions }).args)).toMatchObject({
        crossSessionInbound: 'refuse',
        hooks: { Stop: [expect.anything()] },
      });
  }
});

test('without a configured model the CLI uses its own default', () => {
  expect(claude.buildCommand({ ...request, model: '' }).args).not.toContain('--model');
});

test('the mode "allow" lists tools instead of skipping permissions', () => {
  const { args } = claude.buildCommand({ ...request, phase: 'implementation', permissions: 'allow' });
  expect(args).not.toContain('--dangerously-skip-permissions');
  expect(args[args.indexOf('--permission-mode') + 1]).toBe('dontAsk');
  expect(settingsIn(args)).not.toHaveProperty('permissions');
  expect(args[args.indexOf('--allowedTools') + 1]?.split(',')).toEqual(
    expect.arrayContaining(['Bash', 'Edit', 'Read', 'Write']),
  );
});

test('with a reviewer, git without a remote, SETUP and the checks as they stand need no review', () => {
  const commands = ['npm ci', 'npm test && npm run lint', 'pytest tests/*.py', 'make (all)', 'a,b', 'a\nb'];
  const { args } = claude.buildCommand({
    ...request,
    phase: 'implementation',
    permissions: 'auto',
    commands,
  });
  expect(args).not.toContain('--dangerously-skip-permissions');
  expect(args[args.indexOf('--permission-mode') + 1]).toBe('auto');
  const git = ['add', 'commit', 'status', 'diff', 'log', 'show', 'mv', 'rm', 'restore'];
  expect(args[args.indexOf('--allowedTools') + 1]?.split(',')).toEqual([
    ...git.map((name) => `Bash(git ${name}:*)`),
    'Bash(npm ci)',
    'Bash(npm test && npm run lint)',
  ]);
  expect(settingsIn(args)).not.toHaveProperty('permissions');
});

test('in a document phase only the session folder can be edited, and samocode allows no command', () => {
  const sessionDir = '/sessions (old) [1]/26-01-08-login';
  const { args } = claude.buildCommand({ ...request, sessionDir, permissions: 'allow' });
  const tools = args[args.indexOf('--allowedTools') + 1]?.split(',') ?? [];
  expect(tools.filter((tool) => ['Bash', 'Edit', 'NotebookEdit', 'Skill', 'Write'].includes(tool))).toEqual(
    [],
  );
  expect(tools).toContain('Read');
  expect(settingsIn(args)).toMatchObject({
    permissions: {
      allow: [String.raw`Edit(//sessions \(old\) \\[1\\]/26-01-08-login/**)`],
      deny: ['Edit(//worktrees/26-01-08-login/**)'],
    },
  });
  expect(settingsIn(claude.buildCommand(request).args)).not.toHaveProperty('permissions');
});

test("background tasks, updates and the memory of the user's chats are off, and the user's time limit for requests is kept", () => {
  expect(claude.buildCommand(request).env).toEqual({
    ...request.env,
    API_TIMEOUT_MS: '300000',
    BASH_MAX_TIMEOUT_MS: '1800000',
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  });
  const own = { ...request.env, API_TIMEOUT_MS: '900000' };
  expect(claude.buildCommand({ ...request, env: own }).env).toMatchObject({ API_TIMEOUT_MS: '900000' });
});

test('running as root without permission checks is never chosen for the user', () => {
  expect(claude.buildCommand(request).env).not.toHaveProperty('IS_SANDBOX');
  const problem = problemOf(sampleNamed('2.1.328/root-skip-permissions-refused'));
  expect(problem).toMatchObject({ kind: 'config', advice: expect.stringContaining('PERMISSIONS=allow') });
  expect(problem).toMatchObject({ advice: expect.stringContaining('IS_SANDBOX=1') });
});

test.each(samples.map((sample) => [sample.name, sample] as const))(
  'the recorded run %s ended as listed',
  (name, sample) => {
    expect(problemOf(sample)?.kind ?? 'finished').toBe(CLAUDE_ENDINGS[name]);
  },
);

test('every listed ending has its recording', () => {
  expect(Object.keys(CLAUDE_ENDINGS).sort()).toEqual(samples.map((sample) => sample.name).sort());
});

test.each([
  ['2.1.328/usage-limit-oauth', 1_795_164_958_000],
  ['2.1.328/usage-limit-oauth-7d', 1_795_164_958_000],
  ['2.1.328/usage-limit-oauth-mid-run', 1_795_164_958_000],
  ['2.1.197/usage-limit-oauth', 1_795_165_531_000],
])('a usage limit of %s has its end time', (name, until) => {
  expect(problemOf(sampleNamed(name))).toEqual({ kind: 'usage_limit', until });
});

test('a process that exits by itself without a final message has crashed, whatever its exit status', () => {
  for (const exitCode of [0, 1, 129, 137, 143, null]) {
    expect(claude.classifyEnd(undefined, { exitCode, stderrTail: '' })).toEqual({
      kind: 'crashed',
    });
  }
});

test('a program that the shell could not start is a problem of the settings', () => {
  for (const exitCode of [126, 127]) {
    const problem = claude.classifyEnd(undefined, { exitCode, stderrTail: '' });
    expect(problem).toMatchObject({ kind: 'config', advice: expect.stringContaining('CLAUDE_PATH') });
  }
});

test('denied tools are named in the report', () => {
  expect(finalReportIn(sampleNamed('2.1.328/default-mode-denials').lines)).toMatchObject({
    ok: true,
    deniedTools: ['Bash', 'Write'],
  });
});

test('lost lines, unknown events and error text in tool output never cause a limit or another refusal', () => {
  const echoes = samples.flatMap((sample) => sample.lines.filter((line) => line.includes('is_error')));
  const noise = fc.oneof(
    fc.constantFrom(...echoes).map(toolOutput),
    fc
      .constantFrom(...echoes)
      .map((text) => JSON.stringify({ type: 'novelty', error: text, is_error: true })),
    fc.json(),
    fc.string(),
  );
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(3), into: fc.array(noise, { maxLength: 3 }) });
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 }), (sample, edits) => {
      const lines = edits.reduce(
        (before, { at, cut, into }) => before.toSpliced(at % (before.length + 1), cut, ...into),
        [...sample.lines],
      );
      const kind = problemOf({ lines, exit: sample.exit })?.kind ?? 'finished';
      // Without its own event a limit of the older version looks like a busy service.
      const weaker = CLAUDE_ENDINGS[sample.name] === 'usage_limit' ? ['overloaded'] : [];
      expect([CLAUDE_ENDINGS[sample.name], 'finished', 'crashed', ...weaker]).toContain(kind);
    }),
    { numRuns: 2000 },
  );
});

function sampleNamed(name: string): CliSample {
  const sample = samples.find((each) => each.name === name);
  if (!sample) throw new Error(`There is no recording ${name}.`);
  return sample;
}

function toolOutput(text: string): string {
  const content = [{ type: 'tool_result', tool_use_id: 'toolu_1', content: text, is_error: true }];
  return JSON.stringify({ type: 'user', message: { role: 'user', content } });
}
