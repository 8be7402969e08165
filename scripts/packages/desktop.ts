import { TOOLS } from '../../src/app/server/tools.ts';
import type { Provider } from '../../src/core/agents/contract/provider.ts';
import { acceptedAccounts, allProviders } from '../../src/core/agents/registry.ts';
import { inWords } from '../../src/core/kernel/text.ts';
import { pathSettingOf } from '../../src/core/sandbox/programs/locate-cli.ts';
import { DISPLAY_NAME, type Files, jsonText } from '../../src/extensions/setup/install/client-packages.ts';
import { findNodeScript } from './find-node.ts';
import type { RepositorySource } from './source.ts';

/** The folder of the built programs in the bundle for Claude Desktop and in the plugin. */
export const SERVER_FOLDER = 'server';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the client puts the bundle's folder there
const BUNDLE = '${__dirname}';
export const LAUNCHER = 'start-server.sh';

/** The agents that a person without a shell can choose: not that of ACP_COMMAND, which a project names, nor the rehearsal. */
const clis = () => allProviders().filter(({ defaultCommand, settings }) => settings && defaultCommand !== '');

const longDescription = () =>
  [
    'Say what you want built, and walk away. Samocode asks its questions, shows you its plan, and then works in a separate git worktree and branch, with a fresh agent for every step: research, plan, code, tests, review. It continues when the chat is closed, after a restart, and after a usage limit has ended.',
    `It needs a git repository, Node.js 20.19 or newer, and a command-line agent that does the work under your own account: ${inWords(
      clis().map(({ title }) => title),
      'or',
    )}.`,
    ...clis().flatMap((cli) => {
      const accounts = acceptedAccounts(cli);
      return accounts === undefined ? [] : [`${cli.title} ${accounts}.`];
    }),
    'Everything stays on this machine: no account, no telemetry.',
  ].join('\n\n');

function programSetting(cli: Provider) {
  const accounts = acceptedAccounts(cli);
  return {
    name: `${cli.name}_path`,
    env: pathSettingOf(cli.name),
    shown: {
      type: 'file',
      title: `Program of ${cli.title}`,
      description: `Where ${cli.defaultCommand} is installed. Empty: samocode searches for it.${accounts ? ` It ${accounts}.` : ''}`,
    },
  };
}

const choices = () =>
  inWords(
    clis().map(({ name }) => name),
    'or',
  );

/** The settings that a person without a shell needs, each with the variable that passes it to the server. */
export const userSettings = () => [
  {
    name: 'project_folder',
    env: 'CLAUDE_PROJECT_DIR',
    shown: {
      type: 'directory',
      title: 'Project folder',
      description: 'The git repository to use when you name none. Empty: the chat asks.',
    },
  },
  {
    name: 'provider',
    env: 'SAMOCODE_PROVIDER',
    shown: {
      type: 'string',
      title: 'Agent',
      description: `Who does the work: ${choices()}. Empty: as set in the project, otherwise claude.`,
    },
  },
  ...clis().map(programSetting),
  {
    name: 'max_cost_usd_per_day',
    env: 'MAX_COST_USD_PER_DAY',
    shown: {
      type: 'string',
      title: 'Spending limit per day, in US dollars',
      description:
        'Once the agents have cost this much since midnight, none starts until the next day. Empty: no limit.',
    },
  },
];

/** Without a default the client would pass the name of the variable on as its value. */
const MAY_BE_EMPTY = { required: false, default: '' };

/** The manifest and the launcher of the bundle for Claude Desktop. Packing adds the programs. */
export function desktopFiles({
  version,
  description,
  author,
  keywords,
  links: { homepage, documentation, support, privacy, repository },
}: RepositorySource): Files {
  const program = `${SERVER_FOLDER}/samocode-mcp.js`;
  const manifest = {
    manifest_version: '0.3',
    name: 'samocode-mcp',
    display_name: DISPLAY_NAME,
    version,
    description,
    long_description: longDescription(),
    author: { ...author, url: homepage },
    repository: { type: 'git', url: `${repository}.git` },
    ...{ homepage, documentation, support, privacy_policies: [privacy] },
    icon: 'icon.png',
    license: 'MIT',
    keywords,
    server: {
      type: 'node',
      entry_point: program,
      // Not the command `node`, which Claude Desktop runs in an Electron UtilityProcess, whose program is not Node. Through
      // the shell, because unpacking may lose the permission to execute.
      mcp_config: {
        command: '/bin/sh',
        args: [LAUNCHER, program].map((path) => `${BUNDLE}/${path}`),
        env: Object.fromEntries(userSettings().map(({ env, name }) => [env, `\${user_config.${name}}`])),
      },
    },
    user_config: Object.fromEntries(
      userSettings().map(({ name, shown }) => [name, { ...shown, ...MAY_BE_EMPTY }]),
    ),
    tools: TOOLS.map((tool) => ({ name: tool.name, description: tool.description.split('\n')[0] })),
    prompts_generated: true,
    compatibility: { platforms: ['darwin', 'linux'], runtimes: { node: '>=20.19.0' } },
  };
  return {
    'packages/desktop/manifest.json': jsonText(manifest),
    [`packages/desktop/${LAUNCHER}`]: launcherText(),
  };
}

/** @param systemFolders see `findNodeScript` */
export function launcherText(systemFolders?: readonly string[]): string {
  return `#!/bin/sh
# Starts the server (its path is the first argument) with a Node.js of this machine.

${findNodeScript(systemFolders)}
node=$(find_node) && exec "$node" "$@"

problem='samocode needs Node.js 20.19 or newer, and none was found on PATH, in the usual folders (Homebrew, nvm, fnm, volta, mise, asdf, n) or by a login shell. Install it from https://nodejs.org, then restart this program.'
printf '%s\\n' "$problem" >&2
# The client shows its user the error that answers its first request.
IFS= read -r request
id=\${request##*'"id":'}
id=\${id%%[,\\}]*}
case $id in
  [0-9]* | '"'*'"') printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"%s"}}\\n' "$id" "$problem" ;;
esac
exit 1
`;
}
