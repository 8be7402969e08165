import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { newClaudeReader } from '../../../src/core/agents/claude/claude-stream.ts';
import type { ToolTable } from '../../../src/core/agents/contract/provider.ts';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import { GRANTS } from '../../../src/core/kernel/phases/grants.ts';
import { ci, ciIf } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { sendJson, startServer } from '../../support/model-stub/server.ts';
import type { ModelOf } from '../../support/model-stub/services.ts';
import { startCliSession } from './cli-session.ts';
import { type GrantedChild, type GrantedOptions, runGranted } from './granted-child.ts';
import { BUILDS_BY_PLAN, writePlannedFolder } from './planned-folder.ts';

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

const INITIALIZED = { capabilities: { tools: {} }, serverInfo: { name: 'tickets', version: '1' } };
const CLOSE = { name: 'close', description: 'Close', inputSchema: { type: 'object', properties: {} } };
const SERVER = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const { protocolVersion } = params ?? {};
  const answers = {
    initialize: { protocolVersion, ...${JSON.stringify(INITIALIZED)} },
    'tools/list': { tools: [${JSON.stringify(CLOSE)}] },
  };
  const error = { code: -32601, message: 'no such method' };
  const said = answers[method] ? { result: answers[method] } : { error };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...said }) + '\\n');
});
`;
const SERVERS = { 'my tickets': { command: process.execPath, args: ['-e', SERVER] } };
const ACCEPTED = { accepted: SERVERS, serverNames: Object.keys(SERVERS), servers: SERVERS };

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
  return started.flatMap((event) => (event.kind === 'started' ? [event.tools ?? []] : []))[0] ?? [];
}

const CLAUDES = (['claude', 'oldest-claude'] as const).flatMap((cli) =>
  (['key', 'token'] as const).map((login) => ({ cli, login })),
);

for (const { cli, login } of CLAUDES)
  for (const permissions of ['skip', 'allow'] as const)
    test.concurrent(`the real ${cli} with a ${login} and PERMISSIONS=${permissions} gives its agents exactly the tools of the table, and those of servers`, async ({
      expect,
    }) => {
      for (const phase of ['investigation', 'implementation'] as const) {
        const env = { ...OFFLINE, ...LOGINS[login] };
        const options = { cli, permissions, mcp: ACCEPTED, env };
        await using child = await runGranted('claude', phase, () => [], options);
        const wanted = [...tableOf('claude').offered[GRANTS[phase]], 'mcp__my_tickets__close'];
        expect([...toolsOfClaude(child)].sort(), phase).toEqual(wanted.sort());
      }
    });

/** As the worker starts it, but with every tool that this version offers by default. */
const withAllTools: GrantedOptions['changed'] = ({ args, env }) => ({
  args: args.map((each, at) => (args[at - 1] === '--tools' ? 'default' : each)),
  env,
});

/** An older model has more tools. */
const MODELS = [
  ...CLAUDES.map((row) => ({ ...row, model: 'opus', ci: row.cli === 'claude' && row.login === 'token' })),
  { cli: 'claude', login: 'token', model: 'claude-sonnet-4-5', ci: false },
] as const;

for (const { cli, login, model, ci } of MODELS)
  test.concurrent(
    `every tool that the real ${cli} has for ${model} with a ${login} is judged in the table`,
    ciIf(ci),
    async ({ expect }) => {
      const env = { ...OFFLINE, ...LOGINS[login] };
      const options = { cli, model, permissions: 'skip', changed: withAllTools, env } as const;
      await using child = await runGranted('claude', 'implementation', () => [], options);
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
    expect(child.results).toHaveLength(use.length);
    for (const { text, failed } of child.results) {
      expect(failed).toBe(true);
      expect(text).toContain('No such tool available');
    }
  },
);

test.concurrent('an agent of the real claude whose user denies the shell is ended before its first request is answered, and the session blocks', async ({
  expect,
}) => {
  await using session = await startCliSession({
    cli: 'claude',
    start: BUILDS_BY_PLAN,
    before: async ({ homeDir, mainRepo }) => {
      await mkdir(join(homeDir, '.claude'));
      const settings = { permissions: { deny: ['Bash'] } };
      await writeFile(join(homeDir, '.claude/settings.json'), JSON.stringify(settings));
      await writePlannedFolder(mainRepo, PLAN);
    },
    instead: () => 'silence',
  });
  await session.until(({ status }) => status.kind === 'waiting');
  await session.approve();
  const { status } = await session.until(({ status: { kind } }) => kind === 'blocked');
  const { version } = await installCli('claude');
  expect(status).toMatchObject({
    rule: 'config',
    reason: expect.stringContaining(`Claude Code ${version} offers its agent no Bash.`),
  });
  expect((await session.eventsOf('iteration_ended')).map(({ ending }) => ending)).toEqual(['config']);
});

const PLAN = `## Implementation Phases
### Phase 1: Read them
- [ ] read them
`;

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
  return [...tools, ...input.flatMap((item) => item.tools ?? [])].flatMap((tool) => {
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

const CLOSING = /^(?:agents\.enabled|features\.(?:goals|sleep_tool))=/;

/** Without the options that close tools. */
const withoutClosing: GrantedOptions['changed'] = ({ args, env }) => ({
  args: args.filter(
    (each, at) => !CLOSING.test(each) && !(each === '-c' && CLOSING.test(args[at + 1] ?? '')),
  ),
  env,
});

for (const [cli, model] of [
  ['codex', ''],
  ['codex', 'gpt-5.5'],
  ['oldest-codex', ''],
] as const)
  test.concurrent(`the real ${cli} offers its agents for ${model || 'its own model'} what the table offers, and all that it would offer is judged`, async ({
    expect,
  }) => {
    const options = { cli, model, permissions: 'skip' } as const;
    await using child = await runGranted('codex', 'implementation', () => [LISTING], options);
    const tools = toolsOfCodex(child);
    expect(tools).toEqual(expect.arrayContaining(['apply_patch', 'exec_command']));
    expect(tools.filter((name) => Object.hasOwn(tableOf('codex').closed, name))).toEqual([]);
    expect(unjudged('codex', tools)).toEqual([]);
    const changed = withoutClosing;
    await using open = await runGranted('codex', 'implementation', () => [LISTING], { ...options, changed });
    expect(unjudged('codex', toolsOfCodex(open))).toEqual([]);
    if (model === '') expect(toolsOfCodex(open)).toContain('collaboration.send_message');
  });

test.concurrent('a Codex without the switch for helpers starts all the same', async ({ expect }) => {
  await using child = await runGranted('codex', 'implementation', () => [], { cli: 'early-codex' });
  expect(toolsOfCodex(child)).toContain('exec');
});

/** opencode gets its tools in a variable, Copilot in an option. */
const withDefaults: GrantedOptions['changed'] = ({ args, env }) => {
  const { tools: _, ...config } = JSON.parse(env.OPENCODE_CONFIG_CONTENT ?? '{}');
  return {
    args: args.filter((each) => !each.startsWith('--available-tools')),
    env: { ...env, OPENCODE_CONFIG_CONTENT: JSON.stringify(config) },
  };
};

for (const [of, model] of [
  ['opencode', undefined],
  ['copilot', 'gpt-5'],
  ['copilot', 'gpt-5.5'],
] as const)
  test.concurrent(`the real ${of} offers its agents for ${model ?? 'any model'} what the table offers, and all that it would offer is judged`, async ({
    expect,
  }) => {
    const options = { permissions: 'skip', ...(model && { env: { COPILOT_MODEL: model } }) } as const;
    await using child = await runGranted(of, 'implementation', () => [], options);
    const tools = namesIn(child.requests.at(-1));
    expect(tools).toContain('bash');
    expect(tools.filter((name) => !tableOf(of).offered.work.includes(name))).toEqual([]);
    const changed = withDefaults;
    await using open = await runGranted(of, 'implementation', () => [], { ...options, changed });
    expect(unjudged(of, namesIn(open.requests.at(-1)))).toEqual([]);
    expect(namesIn(open.requests.at(-1))).toContain('task');
  });

test.concurrent('the tools of a server reach an agent of the real opencode, and one of Copilot by HTTP', async ({
  expect,
}) => {
  const options = { permissions: 'skip', mcp: ACCEPTED } as const;
  await using opencode = await runGranted('opencode', 'implementation', () => [], options);
  expect(namesIn(opencode.requests.at(-1))).toContain('my_tickets_close');
  await using web = await startServer(({ body }, response) => {
    const { id, method, params } = JSON.parse(body || '{}');
    if (id === undefined) return void response.writeHead(202).end();
    const answers: Record<string, object> = {
      initialize: { protocolVersion: params?.protocolVersion, ...INITIALIZED },
      'tools/list': { tools: [CLOSE] },
    };
    const error = { code: -32601, message: 'no such method' };
    sendJson(response, 200, {
      ...{ jsonrpc: '2.0', id },
      ...(answers[method] ? { result: answers[method] } : { error }),
    });
  });
  const servers = { 'my tickets': { type: 'http' as const, url: `${web.url}/mcp` } };
  await using copilot = await runGranted('copilot', 'implementation', () => [], {
    ...{ permissions: 'skip', mcp: { serverNames: ['my tickets'], servers } },
  });
  expect(namesIn(copilot.requests.at(-1))).toContain('my-tickets-close');
});
