import { GEMINI_ACCOUNTS } from '../../src/core/agents/gemini/gemini-accounts.ts';
import { DISPLAY_NAME, type Files, jsonText } from '../../src/extensions/setup/install/client-packages.ts';
import { SERVER_ROWS } from '../../src/extensions/setup/install/server-clients.ts';
import { userSettings } from './desktop.ts';
import { BUNDLE, type RepositorySource } from './source.ts';

const REGISTRY_SCHEMA = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';

/** What people copy: the entry of the MCP registry, and settings for each client. */
export function exampleFiles(source: RepositorySource): Files {
  const { version, registryName, links, release, start } = source;
  const server = {
    $schema: REGISTRY_SCHEMA,
    name: registryName,
    title: DISPLAY_NAME,
    description: 'Unattended, gated, resumable coding sessions with Claude Code, Codex and other agent CLIs.',
    repository: { url: links.repository, source: 'github' },
    websiteUrl: links.homepage,
    version,
    packages: [
      {
        registryType: 'mcpb',
        identifier: `${links.repository}/releases/download/v${version}/${BUNDLE}`,
        fileSha256: release.bundleSha256,
        version,
        transport: { type: 'stdio' },
        environmentVariables: userSettings().map(({ env: name, shown: { description } }) => ({
          name,
          description,
        })),
      },
    ],
  };
  const example = {
    '//': 'One part for each client: copy the contents of yours. "samocode install" does it for you. samocode-mcp must be on PATH (README, Install); otherwise write its absolute path. No allow-list here lets a model answer, approve, trust or finish for you.',
    'Claude Code': {
      '//': 'As .mcp.json in a project; or: claude mcp add -s user samocode -- samocode-mcp. Set no "timeout": it would cut long waits. The core tools are always loaded; "alwaysLoad": true loads all.',
      mcpServers: { samocode: start },
    },
    Codex: {
      '//': 'As TOML in ~/.codex/config.toml; or: codex mcp add samocode -- samocode-mcp. Leave default_tools_approval_mode as it is: reading tools need no confirmation, the others ask you.',
      'config.toml': [
        '[mcp_servers.samocode]',
        `command = "${start.command}"`,
        `args = ${JSON.stringify(start.args)}`,
        'startup_timeout_sec = 60',
        'tool_timeout_sec = 300',
      ],
    },
    'Gemini CLI': {
      '//': `In ~/.gemini/settings.json; or: gemini mcp add -s user --timeout 600000 samocode samocode-mcp. "trust": true would let the model approve for you. Gemini CLI takes ${GEMINI_ACCOUNTS}.`,
      mcpServers: { samocode: { ...start, timeout: 600_000 } },
    },
    'Claude Desktop': {
      '//': 'In claude_desktop_config.json; or open the .mcpb file. Both paths are absolute, because it does not read the PATH of your shell: "command -v node samocode-mcp" prints them. Name your CLI in ~/.config/samocode/.env (CLAUDE_PATH=/path/to/claude). Calls end after 45 s there, and wait is called again.',
      mcpServers: { samocode: { command: '/path/to/node', args: ['/path/to/samocode-mcp'] } },
    },
    ...Object.fromEntries(
      SERVER_ROWS.filter(({ name }) => name !== 'desktop').map(({ title, format }) => [
        title,
        {
          '//': 'docs/clients.md names its file.',
          [format.servers]: { samocode: format.entry(start) },
        },
      ]),
    ),
  };
  return { 'server.json': jsonText(server), 'mcp.json.example': jsonText(example) };
}
