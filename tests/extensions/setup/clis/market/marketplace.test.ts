import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type CommandResult, runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { installCli } from '../../../../support/install-clis.ts';
import { type DemoProject, makeDemoProject, pathsOf, until } from '../../../../support/mcp-rig.ts';
import type { Conversation } from '../../../../support/model-stub/conversation.ts';
import type { Script } from '../../../../support/model-stub/moves.ts';
import {
  PARENT_PROMPT,
  serverResultIn,
  startParentModel,
} from '../../../../support/model-stub/parent-model.ts';
import type { ModelOf } from '../../../../support/model-stub/services.ts';
import { type Market, openMarket } from './market.ts';

const { version: VERSION } = JSON.parse(await readFile('package.json', 'utf8'));

/** How each client adds the plugin, where it then is below home, and how it runs with every tool allowed. */
const CLIENTS = [
  {
    cli: 'claude',
    add: (url: string) => [
      ['plugin', 'marketplace', 'add', url],
      ['plugin', 'install', 'samocode@samocode'],
    ],
    copy: `.claude/plugins/cache/samocode/samocode/${VERSION}`,
    server: 'plugin_samocode_samocode',
    run: ['-p', PARENT_PROMPT, '--allowedTools', 'mcp__plugin_samocode_samocode__*'],
  },
  {
    cli: 'codex',
    add: (url: string) => [
      ['plugin', 'marketplace', 'add', url],
      ['plugin', 'add', 'samocode@samocode'],
    ],
    copy: `.codex/plugins/cache/samocode/samocode/${VERSION}`,
    server: 'samocode',
    run: ['exec', '--dangerously-bypass-approvals-and-sandbox', PARENT_PROMPT],
  },
  {
    cli: 'gemini',
    add: (url: string) => [
      ['extensions', 'install', url, '--ref', 'plugins', '--consent', '--skip-settings'],
    ],
    copy: '.gemini/extensions/samocode',
    server: 'samocode',
    run: ['-p', PARENT_PROMPT, '--approval-mode', 'yolo', '--skip-trust', '-m', 'gemini-2.5-pro'],
  },
] as const;

/** One release, installed by every client; then the repository is gone. */
let market: Market;
const clients = new Map<ModelOf, Installed>();
describe('after the repository is gone', () => {
  beforeAll(async () => {
    market = await openMarket();
    for (const client of CLIENTS) clients.set(client.cli, await installedClient(client));
    await market.vanish();
  });
  afterAll(async () => {
    for (const client of clients.values()) await client[Symbol.asyncDispose]();
    await market[Symbol.asyncDispose]();
  });

  test.concurrent.for(CLIENTS)(
    'the real $cli has installed the plugin from a repository on the web, and runs a session to done with its server after the repository is gone',
    async ({ cli, copy, run }, { expect }) => {
      const client = clients.get(cli);
      await stat(join(client?.place.home ?? '', copy, 'server/samocode-mcp.js'));
      const ran = await client?.run(run);
      expect(ran, client?.output).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('All done.'),
      });
      const result = client?.turns.at(-1)?.results.at(-1);
      expect(result?.text).toContain('next');
      const { session = '' } = serverResultIn(result?.text ?? '{}');
      const place = client?.place;
      if (place === undefined) throw new Error('Not installed.');
      const { status } = await until(pathsOf(place, session), (state) => state.status.kind === 'done');
      expect(status.kind).toBe('done');
    },
  );
});

test('each release is one commit on the last one, and marketplaces and registry entry name it', async ({
  expect,
}) => {
  await using market = await openMarket(2);
  const commit = await market.git('rev-parse', 'plugins');
  expect(await market.git('rev-list', '--count', 'plugins')).toBe('2');
  const [claude, codex, registry] = await Promise.all(
    ['.claude-plugin/marketplace.json', '.agents/plugins/marketplace.json', 'server.json'].map(async (path) =>
      JSON.parse(await market.read(path)),
    ),
  );
  const source = { source: 'url', url: market.url, ref: 'plugins', sha: commit };
  expect([claude.plugins[0].source, codex.plugins[0].source]).toEqual([source, source]);
  expect(registry.packages).toMatchObject([
    {
      registryType: 'mcpb',
      identifier: market.url.replace('.git', `/releases/download/v${VERSION}/samocode-mcp.mcpb`),
      fileSha256: createHash('sha256').update('bundle 2').digest('hex'),
    },
  ]);
  const files = (await market.git('ls-tree', '-r', '--name-only', 'plugins')).split('\n');
  expect(files).toEqual(expect.arrayContaining(['server/samocode-mcp.js', 'server/worker.cjs', 'LICENSE']));
  expect(files.filter((path) => path.endsWith('action.cjs'))).toEqual([]);
});

/** The chat starts a session with agents that are rehearsals, as soon as its client has the tool. */
function* starts(server: string): Script {
  const input = { task: 'Name the boats', name: 'boats', accept_suggestions: true, auto_approve: true };
  for (let tries = 0; tries < 200; tries += 1) {
    const { text } = yield { say: 'Starting.', name: `mcp:${server}/start_session`, input };
    // Codex does not wait for servers before its first turn.
    if (!text.includes('is not a function')) return;
  }
}

interface Installed extends AsyncDisposable {
  place: DemoProject;
  /** What its commands have printed. */
  output: string;
  turns: readonly Conversation[];
  run(args: readonly string[]): Promise<CommandResult>;
}

/** A real client in a fresh home that has added the plugin, with a scripted model, in a project. */
async function installedClient({ cli, add, server }: (typeof CLIENTS)[number]): Promise<Installed> {
  const { path } = await installCli(cli);
  const place = await makeDemoProject();
  const model = await startParentModel(cli, () => starts(server));
  await model.furnish(place.home);
  const env = {
    ...place.env,
    ...model.environmentFor(place.home),
    ...market.env,
    // On a busy machine a server starts too slowly for the two seconds after which Claude Code begins without it.
    MCP_CONNECTION_NONBLOCKING: '0',
    MCP_CONNECT_TIMEOUT_MS: '60000',
  };
  const run = (args: readonly string[]) =>
    runCommand(path, args, { cwd: place.repo, env, timeoutMs: 600_000 });
  let output = '';
  for (const args of add(market.url)) {
    const { stdout, stderr } = await run(args);
    output += stdout + stderr;
  }
  return {
    ...{ place, output, run, turns: model.turns },
    async [Symbol.asyncDispose]() {
      await model.close();
      await place[Symbol.asyncDispose]();
    },
  };
}
