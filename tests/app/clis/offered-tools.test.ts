import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../src/core/agents/claude/claude-stream.ts';
import type { ToolTable } from '../../../src/core/agents/contract/provider.ts';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import { GRANTS } from '../../../src/core/kernel/phases/grants.ts';
import { ci, ciIf } from '../../support/ci.ts';
import type { ModelOf } from '../../support/model-stub/services.ts';
import { type GrantedChild, type GrantedOptions, runGranted } from './granted-child.ts';

type Phase = 'investigation' | 'implementation';
const PHASES: readonly Phase[] = ['investigation', 'implementation'];

function tableOf(of: ModelOf): ToolTable {
  const { tools } = providerNamed(of);
  if (tools === undefined) throw new Error(`The tools of ${of} were not judged.`);
  return tools;
}

/** Names that no table has: whoever sees one decides about it in the table of its provider. */
function unjudged(of: ModelOf, names: readonly string[]): string[] {
  const { offered, closed, unclosable = {} } = tableOf(of);
  const judged = [...offered.work, ...offered.documents, ...Object.keys({ ...closed, ...unclosable })];
  return names.filter((name) => !judged.includes(name));
}

const SERVER = `
const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'tickets', version: '1' },
  }),
  'tools/list': () => ({
    tools: [{ name: 'close', description: 'Close', inputSchema: { type: 'object', properties: {} } }],
  }),
};
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answer = answers[method];
  const said = answer ? { result: answer(params) } : { error: { code: -32601, message: 'no such method' } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...said }) + '\\n');
});
`;
const SERVERS = { 'my tickets': { command: process.execPath, args: ['-e', SERVER] } };
const accepted = { accepted: SERVERS, serverNames: Object.keys(SERVERS), servers: SERVERS };

const OLDEST = 'oldest-claude';
const LOGINS = {
  key: {},
  token: { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-of-no-account' },
} as const;
/** With the traffic that adds tools, of which none leaves the machine. */
const OFFLINE = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: undefined,
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1',
};

function toolsOfClaude({ stdout }: GrantedChild): readonly string[] {
  const reader = newClaudeReader();
  const started = stdout.split('\n').flatMap((line) => reader.readLine(line));
  const tools = started.flatMap((event) => (event.kind === 'started' ? [event.tools ?? []] : []));
  return tools[0] ?? [];
}

const CLAUDES = (['claude', OLDEST] as const).flatMap((cli) =>
  (['key', 'token'] as const).map((login) => ({ cli, login, ci: cli === 'claude' && login === 'token' })),
);

test.concurrent.for(CLAUDES.flatMap((row) => (['skip', 'allow'] as const).map((mode) => ({ ...row, mode }))))(
  'the real $cli with a $login and PERMISSIONS=$mode gives its agents exactly the tools of the table, and those of servers',
  async ({ cli, login, mode }, { expect }) => {
    for (const phase of PHASES) {
      await using child = await runGranted('claude', phase, () => [], {
        ...{ cli, permissions: mode, mcp: accepted },
        env: { ...OFFLINE, ...LOGINS[login] },
      });
      const wanted = [...tableOf('claude').offered[GRANTS[phase]], 'mcp__my_tickets__close'];
      expect([...toolsOfClaude(child)].sort(), phase).toEqual(wanted.sort());
    }
  },
);

/** As the worker starts it, but with every tool that this version and login offer by default. */
const withAllTools: GrantedOptions['changed'] = ({ args, env }) => ({
  args: args.map((each, at) => (args[at - 1] === '--tools' ? 'default' : each)),
  env,
});

test.concurrent.for(
  CLAUDES.flatMap((row) => ['opus', 'claude-sonnet-4-5'].map((model) => ({ ...row, model }))),
)(
  'every tool that the real $cli has for $model with a $login is judged in the table',
  async ({ cli, login, model }, { expect }) => {
    await using child = await runGranted('claude', 'implementation', () => [], {
      ...{ cli, model, permissions: 'skip', changed: withAllTools },
      env: { ...OFFLINE, ...LOGINS[login] },
    });
    const tools = toolsOfClaude(child);
    expect(tools).toContain('SendMessage');
    expect(unjudged('claude', tools)).toEqual([]);
  },
);

test.concurrent(
  "an agent of the real claude reaches neither the user's other chats nor later work",
  ci,
  async ({ expect }) => {
    const use = [
      { name: 'ListAgents', input: {} },
      { name: 'SendMessage', input: { to: 'anyone', summary: 'Go on', message: 'Go on.' } },
      { name: 'Monitor', input: { command: 'sleep 600', description: 'Wait', persistent: true } },
      { name: 'CronCreate', input: { cron: '* * * * *', prompt: 'Go on.' } },
      { name: 'Workflow', input: { script: 'export const meta = {}' } },
    ];
    await using child = await runGranted('claude', 'implementation', () => use, { permissions: 'skip' });
    for (const { text, failed } of child.results) {
      expect(failed).toBe(true);
      expect(text).toContain('No such tool available');
    }
    expect(child.results).toHaveLength(use.length);
  },
);

interface Offer {
  type?: string;
  name?: string;
  function?: { name?: string };
  custom?: { name?: string };
  tools?: readonly Offer[];
}

/** The names of a request's tools, in the form of the tables. */
function namesIn(request = '{}'): string[] {
  const { tools = [], input = [] }: { tools?: Offer[]; input?: Offer[] } = JSON.parse(request);
  const added = Array.isArray(input) ? input.flatMap((item) => item.tools ?? []) : [];
  return [...tools, ...added].flatMap((tool) => {
    const name = tool.function?.name ?? tool.custom?.name ?? tool.name ?? tool.type ?? '?';
    if (tool.type !== 'namespace') return [name];
    return (tool.tools ?? []).map((own) => (name === 'functions' ? `${own.name}` : `${name}.${own.name}`));
  });
}

const LISTING = { name: 'Script', input: { script: 'text(JSON.stringify(ALL_TOOLS.map((t) => t.name)))' } };

/** The tools of its model, and those that only its scripts can call. */
function toolsOfCodex({ requests, results }: GrantedChild): string[] {
  const [, listed = '[]'] = /(\["[^\]]*\])/.exec(results[0]?.text ?? '') ?? [];
  return [...namesIn(requests[0]), ...JSON.parse(listed)];
}

const CODEXES = [
  { cli: 'codex', model: '', ci: true },
  { cli: 'codex', model: 'gpt-5.5', ci: false },
  { cli: 'oldest-codex', model: '', ci: false },
] as const;

const CLOSING = /^(?:agents\.|features\.(?:multi_agent|goals|sleep_tool)=)/;

/** Without the options that close tools. */
const withoutClosing: GrantedOptions['changed'] = ({ args, env }) => ({
  args: args.filter(
    (each, at) => !CLOSING.test(each) && !(each === '-c' && CLOSING.test(args[at + 1] ?? '')),
  ),
  env,
});

test.concurrent.for(CODEXES)(
  'the real $cli offers its agents for "$model" only what the table offers, and all that it would offer is judged',
  async ({ cli, model }, { expect }) => {
    const table = tableOf('codex');
    const options = { cli, model, permissions: 'skip' } as const;
    await using child = await runGranted('codex', 'implementation', () => [LISTING], options);
    const tools = toolsOfCodex(child);
    expect(tools).toEqual(expect.arrayContaining(['apply_patch', 'exec_command']));
    expect(tools.filter((name) => Object.hasOwn(table.closed, name))).toEqual([]);
    expect(unjudged('codex', tools)).toEqual([]);
    await using open = await runGranted('codex', 'implementation', () => [LISTING], {
      ...options,
      changed: withoutClosing,
    });
    expect(unjudged('codex', toolsOfCodex(open))).toEqual([]);
    expect(toolsOfCodex(open).length).toBeGreaterThan(tools.length);
  },
);

test.concurrent('a Codex of before the switch for helpers starts, and has none', async ({ expect }) => {
  await using child = await runGranted('codex', 'implementation', () => [], { cli: 'early-codex' });
  const tools = toolsOfCodex(child);
  expect(tools).toContain('exec_command');
  expect(tools.filter((name) => Object.hasOwn(tableOf('codex').closed, name))).toEqual([]);
});

/** opencode is told its tools in a variable, Copilot by an option. */
const withDefaults: GrantedOptions['changed'] = ({ args, env }) => {
  const { tools: _, ...config } = JSON.parse(env.OPENCODE_CONFIG_CONTENT ?? '{}');
  return {
    args: args.filter((each) => !each.startsWith('--available-tools')),
    env: { ...env, OPENCODE_CONFIG_CONTENT: JSON.stringify(config) },
  };
};

test.concurrent.for([
  { of: 'opencode', model: '' },
  { of: 'copilot', model: 'gpt-5' },
  { of: 'copilot', model: 'gpt-5.5' },
] as const)(
  'the real $of offers its agents for "$model" only what the table offers, and all that it would offer is judged',
  async ({ of, model }, { expect }) => {
    const options = { permissions: 'skip', ...(model && { env: { COPILOT_MODEL: model } }) } as const;
    await using child = await runGranted(of, 'implementation', () => [], options);
    const tools = namesIn(child.requests.at(-1));
    expect(tools).toContain('bash');
    const { offered } = tableOf(of);
    expect(tools.filter((name) => !offered.work.includes(name))).toEqual([]);
    await using open = await runGranted(of, 'implementation', () => [], {
      ...options,
      changed: withDefaults,
    });
    expect(unjudged(of, namesIn(open.requests.at(-1)))).toEqual([]);
    expect(namesIn(open.requests.at(-1))).toContain('task');
  },
);
